// SPDX-License-Identifier: GPL-2.0
#include "unit.h"
#include "kernel/preempt.h"

#define DEBIAN "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1 (2026-11-15)"

static void what_is_not_built_in_is_not_chosen(void **state)
{
	assert_false(cl_preempts("#1 SMP Debian 5.10.262-1 (2026-11-16)", NULL));
	assert_false(cl_preempts("#1 SMP Debian 5.10.262-1 (2026-11-16)", "none (full)\n"));
}

static void what_is_built_in_alone_is_what_holds(void **state)
{
	assert_true(cl_preempts("#1 SMP PREEMPT Wed", NULL));
	assert_true(cl_preempts("#1 SMP PREEMPT_RT Wed", NULL));
}

static void the_model_chosen_at_boot_is_the_one_in_brackets(void **state)
{
	assert_false(cl_preempts(DEBIAN, "(none) voluntary full lazy\n"));
	assert_false(cl_preempts(DEBIAN, "none (voluntary) full\n"));
	assert_true(cl_preempts(DEBIAN, "none voluntary (full)\n"));
	assert_true(cl_preempts(DEBIAN, "full (lazy)\n"));
}

static void what_cannot_be_found_out_is_taken_for_preemption(void **state)
{
	assert_true(cl_preempts(DEBIAN, NULL));
	assert_true(cl_preempts(DEBIAN, "something else\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_built_in_is_not_chosen),
		cmocka_unit_test(what_is_built_in_alone_is_what_holds),
		cmocka_unit_test(the_model_chosen_at_boot_is_the_one_in_brackets),
		cmocka_unit_test(what_cannot_be_found_out_is_taken_for_preemption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
