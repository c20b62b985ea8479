// SPDX-License-Identifier: LGPL-2.1-or-later

/* What the least costs that a hook in C can do with a domain: read its XML with libxml2. */

#include <libxml/parser.h>
#include <unistd.h>

int main(void)
{
	static char text[1 << 20];
	size_t size = 0;
	xmlDoc *doc;
	ssize_t n;

	while (size < sizeof(text) &&
	       (n = read(STDIN_FILENO, text + size, sizeof(text) - size)) > 0)
		size += (size_t)n;
	doc = xmlReadMemory(text, (int)size, NULL, NULL, XML_PARSE_NONET);
	if (!doc || !xmlDocGetRootElement(doc))
		return 1;
	xmlFreeDoc(doc);
	return 0;
}
