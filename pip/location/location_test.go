package location_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/piptest"
)

func TestOnlyAValidAddressIsDelegatedFor(t *testing.T) {
	var f pip.Facts
	err := location.Source{}.Gather(context.Background(), &pip.Query{Address: netip.MustParseAddr("192.0.2.1")}, &f, piptest.For(t, location.Section(), nil))
	if err != nil || f.Location.State != pip.Fresh {
		t.Errorf("got %+v, %v", f.Location, err)
	}
	f = pip.Facts{}
	if err := (location.Source{}).Gather(context.Background(), &pip.Query{}, &f, piptest.For(t, location.Section(), nil)); err == nil || f.Location.State != pip.Unknown {
		t.Errorf("got %+v, %v, want unknown and an error", f.Location, err)
	}
}
