package records.columns_test

import data.authz.golden_test as golden
import data.authz.tables
import data.records.columns

_off_site(request) := golden.with_value(request, "/context/location/place", "off_site")

test_doctor_on_site_sees_everything if columns.mask == set() with input as golden.doctor

test_role_does_not_need_some if {
	columns.mask == {"national_id"} with input as golden.nurse
		with tables.withheld_from as {"nurse": {"national_id"}}
}

test_off_site_some_are_masked if {
	columns.mask == {"contact", "national_id"} with input as _off_site(golden.doctor)
}

test_masks_add_up if {
	columns.mask == {"contact", "diagnoses", "national_id"} with input as _off_site(golden.nurse)
		with tables.withheld_from as {"nurse": {"diagnoses"}}
}

test_unknown_place_masks_as_off_site if {
	columns.mask == {"contact", "national_id"} with input as golden.with_value(golden.doctor, "/context/location/place", "")
}

test_allergies_are_never_masked if {
	not "allergies" in tables.withheld_off_site
	every withheld in tables.withheld_from { not "allergies" in withheld }
}

test_empty_input_masks_as_off_site if columns.mask == {"contact", "national_id"} with input as {}
