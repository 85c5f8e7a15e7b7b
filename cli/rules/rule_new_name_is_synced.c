// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * A name, and a file that the same program has synced, so that it wants it to be there
 * after a crash. What the file is called is in its directory. Whether ext4 wrote that down
 * as well, or the journal has committed by itself, is luck as far as POSIX goes.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	switch (j->name->fate) {
	case CL_NAME_SYNCED:
		return CL_HOLDS;
	case CL_NAME_UNSYNCED:
		if (!j->dirs_unseen)
			return CL_BROKEN;
		*why = "an fsync of the directory may have been filtered out";
		return CL_UNSURE;
	case CL_NAME_UNFOLLOWED:
		*why = "there were more new names at once than can be followed";
		return CL_UNSURE;
	}
	return CL_NO_CLAIM;
}

const struct cl_rule cl_rule_new_name_is_synced = {
	.name = "new_name_is_synced",
	.text = "a program that gives a file a name, and syncs the file, syncs the directory as well",
	.needs = CL_NEED_NAME | CL_NEED_FSYNC | CL_NEED_CLOSE,
	.severity = CL_VERDICT_WARNING,
	.at_name = true,
	.found = "the file was synced, but after it got this name its directory was not: "
		 "a crash may take the name back",
	.advice = "open the directory and call fsync on it, after the file got its name",
	.judge = judge,
};
