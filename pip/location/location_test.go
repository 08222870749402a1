package location_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/location"
)

func TestOnlyAValidAddressIsDelegatedFor(t *testing.T) {
	var f pip.Facts
	err := location.Source{}.Gather(context.Background(), &pip.Query{Address: netip.MustParseAddr("192.0.2.1")}, &f)
	if err != nil || f.Location.State != pip.Fresh {
		t.Errorf("got %+v, %v", f.Location, err)
	}
	f = pip.Facts{}
	if err := (location.Source{}).Gather(context.Background(), &pip.Query{}, &f); err == nil || f.Location.State != pip.Unknown {
		t.Errorf("got %+v, %v, want unknown and an error", f.Location, err)
	}
}
