package process_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/records"
)

// A book's list of columns is that of records, whole.
func TestColumnsAreThoseOfRecords(t *testing.T) {
	have := records.Columns()
	if err := process.CheckTables(&pdp.Tables{Columns: have}); err != nil {
		t.Fatal(err)
	}
	slip := slices.Clone(have)
	slip[slices.Index(slip, "admitted_at")] = "admitte_dat"
	err := process.CheckTables(&pdp.Tables{Columns: slip})
	for _, want := range []string{`columns: records have no column "admitte_dat"; was "admitted_at" meant?`, `columns: "admitted_at" is missing`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
