//go:build integration

package stories_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"

	"github.com/wardgate/wardgate/internal/config"
)

// The same changes on a server, by whoever else writes there.
func TestCareRelationshipsFollowTheRecordsOnAServer(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		t.Parallel()
		s := rig.RealServers(t)
		careChanges(t, rig.New(t, s.Use), s.ChangeRecords)
	})
	t.Run("with the records in another process", func(t *testing.T) {
		t.Parallel()
		s := rig.RealServers(t)
		there := func(c *config.Config) {
			c.Stores.Records.File, c.Stores.Records.DSN = "", s.Maria.DSNVia(s.Link.Address, s.Records)
		}
		h := rig.NewSplit(t)
		h.StartRecordsOn(there)
		h.StartInference()
		h.StartPDP("pdp", there)
		h.StartPEP("pep", "pdp", nil)
		careChanges(t, h.At("pep", "pdp"), s.ChangeRecords)
	})
}
