// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading XML that nobody vouches for; see xml.h. */

#include <ctype.h>
#include <libxml/SAX2.h>
#include <libxml/xmlversion.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "common/dl.h"
#include "common/parse.h"
#include "hook/xml.h"

/* The library's ABI is that of the headers we are compiled with. */
#if LIBXML_VERSION >= 21400
#define XML_SONAME "libxml2.so.16"
#else
#define XML_SONAME "libxml2.so.2"
#endif

#define XML_FUNCTIONS(X)         \
	X(xmlNewParserCtxt)      \
	X(xmlFreeParserCtxt)     \
	X(xmlCtxtReadMemory)     \
	X(xmlCtxtGetLastError)   \
	X(xmlStopParser)         \
	X(xmlSAX2StartElementNs) \
	X(xmlDocGetRootElement)  \
	X(xmlFreeDoc)            \
	X(xmlGetLineNo)

static XML_FUNCTIONS(DL_DEFINE)

	static int load_library(struct error *err)
{
	static const struct dl_symbol symbols[] = { XML_FUNCTIONS(DL_SYMBOL){ 0 } };

	if (sym_xmlFreeDoc)
		return 0;
	return dl_load(XML_SONAME, symbols, err);
}

enum refusal {
	REFUSED_NOT,
	REFUSED_DTD,
	REFUSED_DEPTH,
};

static void on_dtd(void *ctx, const xmlChar *name _unused_, const xmlChar *id _unused_,
		   const xmlChar *system_id _unused_)
{
	xmlParserCtxt *ctxt = ctx;

	*(enum refusal *)ctxt->_private = REFUSED_DTD;
	sym_xmlStopParser(ctxt);
}

/* NOLINTNEXTLINE(readability-function-size): the prototype is libxml2's. */
static void on_element(void *ctx, const xmlChar *name, const xmlChar *prefix,
		       const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
		       int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	xmlParserCtxt *ctxt = ctx;

	if (ctxt->nodeNr >= XML_DEPTH_MAX) {
		*(enum refusal *)ctxt->_private = REFUSED_DEPTH;
		sym_xmlStopParser(ctxt);
		return;
	}
	sym_xmlSAX2StartElementNs(ctx, name, prefix, uri, n_namespaces, namespaces,
				  n_attributes, n_defaulted, attributes);
}

static int parse_error(xmlParserCtxt *ctxt, enum refusal refusal, struct error *err)
{
	const xmlError *last = sym_xmlCtxtGetLastError(ctxt);
	_cleanup_free_ char *message = NULL;

	if (refusal == REFUSED_DTD)
		return error_set(err, -EINVAL,
				 "XML with a document type declaration is not accepted");
	if (refusal == REFUSED_DEPTH)
		return error_set(err, -EINVAL, "XML is nested deeper than %d elements",
				 XML_DEPTH_MAX);
	if (!last || !last->message)
		return error_set(err, -EINVAL, "XML is empty or not well-formed");
	message = xstrndup(last->message, strcspn(last->message, "\n"));
	return error_set(err, -EINVAL, "XML is not well-formed: line %d: %s", last->line,
			 message);
}

int xml_parse(const char *text, size_t size, xmlDoc **ret, struct error *err)
{
	enum refusal refusal = REFUSED_NOT;
	xmlParserCtxt *ctxt;
	xmlDoc *doc;
	int r = 0;

	if (size > XML_SIZE_MAX)
		return error_set(err, -EFBIG, "XML is larger than %u MiB",
				 XML_SIZE_MAX >> 20);
	r = load_library(err);
	if (r < 0)
		return r;

	ctxt = sym_xmlNewParserCtxt();
	if (!ctxt)
		return error_set(err, -ENOMEM, "failed to create an XML parser");
	ctxt->_private = &refusal;
	ctxt->sax->internalSubset = on_dtd;
	ctxt->sax->startElementNs = on_element;
	doc = sym_xmlCtxtReadMemory(ctxt, text, (int)size, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR |
					    XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |
					    XML_PARSE_NOCDATA);
	if (!doc || refusal != REFUSED_NOT) {
		r = parse_error(ctxt, refusal, err);
		if (doc)
			sym_xmlFreeDoc(doc);
	} else {
		*ret = doc;
	}
	sym_xmlFreeParserCtxt(ctxt);
	return r;
}

void xml_free(xmlDoc **doc)
{
	if (*doc)
		sym_xmlFreeDoc(*doc);
	*doc = NULL;
}

const xmlNode *xml_root(const xmlDoc *doc)
{
	return sym_xmlDocGetRootElement(doc);
}

const xmlNode *xml_next_element(const xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

bool xml_is(const xmlNode *node, const char *name)
{
	return !node->ns && STREQ((const char *)node->name, name);
}

const xmlNode *xml_find(const xmlNode *node, const char *path)
{
	while (node && *path) {
		size_t n = strcspn(path, "/");
		_cleanup_free_ char *name = xstrndup(path, n);
		const xmlNode *found = NULL;

		xml_for_each_child(child, node) {
			if (!found && xml_is(child, name))
				found = child;
		}
		node = found;
		path += n + (path[n] == '/');
	}
	return node;
}

const char *xml_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (!a->ns && STREQ((const char *)a->name, name))
			return a->children && a->children->content ?
				       (const char *)a->children->content :
				       "";
	}
	return NULL;
}

static const char *text_of(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE && node->content ?
		       (const char *)node->content :
		       "";
}

char *xml_text(const xmlNode *node)
{
	char *text, *start, *end;
	size_t size = 1;

	for (const xmlNode *n = node->children; n; n = n->next)
		size += strlen(text_of(n));
	end = text = xmalloc(size);
	*text = '\0';
	for (const xmlNode *n = node->children; n; n = n->next)
		end = stpcpy(end, text_of(n));
	start = text + strspn(text, " \t\r\n");
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	memmove(text, start, (size_t)(end - start));
	text[end - start] = '\0';
	return text;
}

unsigned xml_line(const xmlNode *node)
{
	long line = sym_xmlGetLineNo(node);

	return line > 0 ? (unsigned)line : 0;
}

static int bad_value(const xmlNode *node, const char *name, const char *value,
		     const char *wanted, struct error *err)
{
	return error_set(err, -EINVAL, "line %u: <%s>: %s '%s' is not %s", xml_line(node),
			 (const char *)node->name, name, value, wanted);
}

int xml_attr_unsigned(const xmlNode *node, const char *name, unsigned *ret,
		      struct error *err)
{
	const char *value = xml_attr(node, name);

	if (!value)
		return -ENOENT;
	if (parse_unsigned(value, ret) < 0)
		return bad_value(node, name, value, "a number", err);
	return 0;
}

int xml_attr_memory(const xmlNode *node, const char *name, const char *unit_name,
		    uint64_t *ret_kib, struct error *err)
{
	const char *value = xml_attr(node, name);

	if (!value)
		return -ENOENT;
	if (parse_memory_kib(value, unit_name ? xml_attr(node, unit_name) : NULL,
			     ret_kib) < 0)
		return bad_value(node, name, value, "an amount of memory", err);
	return 0;
}

int xml_text_memory(const xmlNode *node, uint64_t *ret_kib, struct error *err)
{
	_cleanup_free_ char *value = xml_text(node);

	if (parse_memory_kib(value, xml_attr(node, "unit"), ret_kib) < 0)
		return bad_value(node, "content", value, "an amount of memory", err);
	return 0;
}

int xml_attr_bitset(const xmlNode *node, const char *name, struct bitset *ret,
		    struct error *err)
{
	const char *value = xml_attr(node, name);

	if (!value)
		return -ENOENT;
	if (bitset_parse(value, ret) < 0)
		return bad_value(node, name, value, "a list such as '0-3,8'", err);
	return 0;
}
