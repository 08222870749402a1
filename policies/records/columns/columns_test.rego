package records.columns_test

import data.authz.golden_test as golden
import data.records.columns

_off_site(request) := golden.with_value(request, "/context/location/place", "off_site")

test_doctor_on_site_sees_everything if columns.mask == set() with data.authz.tables as golden.tables with input as golden.doctor

test_role_does_not_need_some if {
	columns.mask == {"national_id"} with data.authz.tables as golden.tables with input as golden.nurse
		with data.authz.tables.withheld_from as {"nurse": {"national_id"}}
}

test_off_site_some_are_masked if {
	columns.mask == {"contact", "national_id"} with data.authz.tables as golden.tables with input as _off_site(golden.doctor)
}

test_masks_add_up if {
	columns.mask == {"contact", "diagnoses", "national_id"} with data.authz.tables as golden.tables with input as _off_site(golden.nurse)
		with data.authz.tables.withheld_from as {"nurse": {"diagnoses"}}
}

test_unknown_place_masks_as_off_site if {
	columns.mask == {"contact", "national_id"} with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/location/place", "")
}

test_empty_input_masks_as_off_site if columns.mask == {"contact", "national_id"} with data.authz.tables as golden.tables with input as {}
