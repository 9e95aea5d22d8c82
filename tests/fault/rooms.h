/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <check.h>

TCase *fault_assure(void);
TCase *fault_pure(void);
TCase *fault_optimise(void);
TCase *fault_state(void);
void fault_state_end(void);
