/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the effect of each parameter can be seen: what the table of verify-effect.c names. */
#pragma once

#include "grubcfg/verify-effect.h"

/* Give a finding its verdict and evidence, and its remedy, in place of former ones. */
void finding_set(struct finding *ret, enum verdict verdict, const char *fmt, ...)
	_printf_(3, 4);
void finding_remedy(struct finding *ret, const char *text);

void see_console(const struct probe *p, struct finding *ret);
void see_default_page_size(const struct probe *p, struct finding *ret);
void see_governor(const struct probe *p, struct finding *ret);
void see_gvt(const struct probe *p, struct finding *ret);
void see_hugepages(const struct probe *p, struct finding *ret);
void see_iommu(const struct probe *p, struct finding *ret);
void see_iommu_word(const struct probe *p, struct finding *ret);
void see_irqaffinity(const struct probe *p, struct finding *ret);
void see_isolcpus(const struct probe *p, struct finding *ret);
void see_nmi_watchdog(const struct probe *p, struct finding *ret);
void see_nohz_full(const struct probe *p, struct finding *ret);
void see_page_size(const struct probe *p, struct finding *ret);
void see_passthrough_flag(const struct probe *p, struct finding *ret);
void see_thp(const struct probe *p, struct finding *ret);
void see_vfio_ids(const struct probe *p, struct finding *ret);
