/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries that are loaded when they are first needed.
 *
 * libvirt runs the hook around every start and stop of every domain, and most have nothing for
 * us to do: a program linked with libxml2 spends most of such a call loading it. Functions of a
 * library are listed once,
 *
 *	#define XML_FUNCTIONS(X) X(xmlFreeDoc) X(xmlNewParserCtxt)
 *
 * and declared and defined from that list with the library's own prototypes, as sym_xmlFreeDoc
 * and so on: XML_FUNCTIONS(DL_DECLARE) in a header, XML_FUNCTIONS(DL_DEFINE) in one source file.
 */
#pragma once

#include "common/error.h"

struct dl_symbol {
	const char *name;
	void **address;
};

#define DL_DECLARE(f) extern __typeof__(&(f)) sym_##f;
#define DL_DEFINE(f) __typeof__(&(f)) sym_##f;
#define DL_SYMBOL(f) { #f, (void **)&sym_##f },

/*
 * Loads @soname for good and fills in every symbol of @symbols (ended by a NULL name). Returns
 * 0, or -ELIBACC with cause and remedy where the library or one of its functions is not there.
 */
int dl_load(const char *soname, const struct dl_symbol *symbols, struct error *err);
