// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sections of a PE file (Microsoft's PE and COFF specification); see pe.h. */

#include <stdint.h>

#include "common/alloc.h"
#include "grubcfg/pe.h"

#define DOS_HEADER_SIZE 64
#define DOS_PE_OFFSET 60 /* where the header has that of the next one */
#define PE_HEADER_SIZE 24 /* "PE\0\0" and the COFF header */
#define PE_N_SECTIONS 6
#define PE_OPTIONAL_SIZE 20
#define SECTION_SIZE 40 /* of a row of the table */
#define SECTION_NAME_SIZE 8 /* padded with NUL */
#define SECTION_VIRTUAL_SIZE 8 /* what is used of its bytes */
#define SECTION_RAW_SIZE 16
#define SECTION_RAW_OFFSET 20

static uint16_t get_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get_u32(const unsigned char *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

/* All @size bytes at @offset: 0, or -EBADMSG where the file ends before. */
static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (char *)buffer + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? negative_errno() : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

/* Where the table of sections is, and how many rows it has. */
static int find_table(int fd, uint64_t *ret_offset, unsigned *ret_n)
{
	unsigned char dos[DOS_HEADER_SIZE], header[PE_HEADER_SIZE];
	uint64_t at;
	int r = read_at(fd, dos, sizeof(dos), 0);

	if (r < 0)
		return r;
	if (memcmp(dos, "MZ", 2) != 0)
		return -EBADMSG;
	at = get_u32(dos + DOS_PE_OFFSET);
	r = read_at(fd, header, sizeof(header), at);
	if (r < 0)
		return r;
	if (memcmp(header, "PE\0\0", 4) != 0)
		return -EBADMSG;
	*ret_offset = at + PE_HEADER_SIZE + get_u16(header + PE_OPTIONAL_SIZE);
	*ret_n = get_u16(header + PE_N_SECTIONS);
	return 0;
}

static int read_section(int fd, const unsigned char *row, size_t max, char **ret,
			size_t *ret_size)
{
	uint32_t used = get_u32(row + SECTION_VIRTUAL_SIZE);
	uint32_t size = get_u32(row + SECTION_RAW_SIZE);
	_cleanup_free_ char *data = NULL;
	int r;

	if (used > 0 && used < size)
		size = used;
	if (size > max)
		return -EFBIG;
	data = xmalloc((size_t)size + 1);
	r = read_at(fd, data, size, get_u32(row + SECTION_RAW_OFFSET));
	if (r < 0)
		return r;
	data[size] = '\0';
	*ret = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

int pe_section(int fd, const char *name, size_t max, char **ret, size_t *ret_size)
{
	char wanted[SECTION_NAME_SIZE] = { 0 };
	uint64_t table;
	unsigned n;
	int r = find_table(fd, &table, &n);

	memcpy(wanted, name, strnlen(name, sizeof(wanted)));
	for (unsigned i = 0; r == 0 && i < n; i++) {
		unsigned char row[SECTION_SIZE];

		r = read_at(fd, row, sizeof(row), table + (uint64_t)i * SECTION_SIZE);
		if (r == 0 && memcmp(row, wanted, sizeof(wanted)) == 0)
			return read_section(fd, row, max, ret, ret_size);
	}
	return r < 0 ? r : -ENOENT;
}
