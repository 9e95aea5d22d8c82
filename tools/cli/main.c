/* SPDX-License-Identifier: Apache-2.0 */
/* sextant: see args.c for how the line is read and commands.c for what there is. */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
