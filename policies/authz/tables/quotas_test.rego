package authz.tables_test

import data.authz.tables

test_every_quota_leaves_room_for_people if {
	every _, n in tables.quotas { n >= 600 }
}
