/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "rooms.h"

int main(void)
{
	Suite *s = suite_create("fault");
	int r;

	suite_add_tcase(s, fault_assure());
	suite_add_tcase(s, fault_pure());
	suite_add_tcase(s, fault_optimise());
	suite_add_tcase(s, fault_state());
	r = check_main(s);
	fault_state_end();
	return r;
}
