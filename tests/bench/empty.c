// SPDX-License-Identifier: LGPL-2.1-or-later

/* What starting any program costs. */

int main(void)
{
	return 0;
}
