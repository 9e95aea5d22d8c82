/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The kinds there are; a table a file. */
#include "southbound/gnmi/gnmi.h"

extern const struct gnmi_kind gnmi_kind_agent, gnmi_kind_sros, gnmi_kind_vrp, gnmi_kind_xr,
	gnmi_kind_openconfig;
