/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading XML that nobody vouches for, with libxml2.
 *
 * xml_parse() never touches the network or another file, refuses every document with a
 * document type declaration (and with it all entities but the five predefined ones), documents
 * above XML_SIZE_MAX bytes and elements nested deeper than XML_DEPTH_MAX. The rest of this file
 * walks the tree; strings that it returns belong to the document.
 */
#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define XML_SIZE_MAX (16U << 20)
#define XML_DEPTH_MAX 128

/* Parses @text: 0, or -EINVAL/-EFBIG/-ELIBACC with @err set. Release with xml_free(). */
int xml_parse(const char *text, size_t size, xmlDoc **ret, struct error *err);
void xml_free(xmlDoc **doc);
#define _cleanup_xml_ _cleanup_(xml_free)

const xmlNode *xml_root(const xmlDoc *doc);

/* Iterates over the child elements of @node (which may be NULL). */
#define xml_for_each_child(child, node)                                                 \
	for (const xmlNode *child = xml_next_element((node) ? (node)->children : NULL); \
	     child; child = xml_next_element((child)->next))

/* @node or the first element after it. */
const xmlNode *xml_next_element(const xmlNode *node);

/* The element's name is @name and it is in no namespace (libvirt's own elements). */
bool xml_is(const xmlNode *node, const char *name);

/* The first descendant along "a/b/c" from @node (which may be NULL), or NULL. */
const xmlNode *xml_find(const xmlNode *node, const char *path);

/* The attribute's value, or NULL when there is none. */
const char *xml_attr(const xmlNode *node, const char *name);

/* The text inside an element without blanks around it; "" when there is none. Caller frees. */
char *xml_text(const xmlNode *node);

unsigned xml_line(const xmlNode *node);

/*
 * Numbers: 0, -ENOENT when the attribute is missing, or -EINVAL with @err naming element,
 * attribute, value and line. Memory is in KiB by libvirt's unit rules, the unit taken from the
 * attribute @unit_name of the same element (NULL: libvirt's default, KiB).
 */
int xml_attr_unsigned(const xmlNode *node, const char *name, unsigned *ret,
		      struct error *err);
int xml_attr_memory(const xmlNode *node, const char *name, const char *unit_name,
		    uint64_t *ret_kib, struct error *err);
int xml_text_memory(const xmlNode *node, uint64_t *ret_kib, struct error *err);

struct bitset;
int xml_attr_bitset(const xmlNode *node, const char *name, struct bitset *ret,
		    struct error *err);
