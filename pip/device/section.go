package device

import (
	"errors"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of a device.
func Section() pip.Section {
	s := pip.Measured("device", pip.Freshness{StaleAfter: 5, UnknownAfter: 30},
		pip.WordOf("match", "", string(pip.DeviceSame), string(pip.DeviceChanged), string(pip.DeviceUnseen)),
		pip.WordOf("workstation", "", atNone, atOther, atRegistered),
		pip.WordOf("tap", "", tapNone, tapFresh, tapExpired),
		pip.TextOf("workstation_id"), pip.TextOf("zone"), pip.TextOf("network"))
	s.Wording = func(t pip.Tables) (any, error) {
		var w wording
		var err error
		w.networks, err = pip.ReadNetworkRows(t)
		return &w, errors.Join(err, t.Read("thresholds", &w))
	}
	s.Reword = reword
	return s
}

// The words for the workstation. A session that was begun at none is at none, and one
// whose workstation's network is not where the request comes from is elsewhere.
const (
	atNone       = "none"
	atOther      = "elsewhere"
	atRegistered = "registered"
)

// The words for badge and PIN, which count at a registered workstation alone.
const (
	tapNone    = "none"
	tapFresh   = "fresh"
	tapExpired = "expired"
)

// The measures, by the numbers under which they are journalled.
const (
	measureMatch = iota // where the comparison stands in matches, when it is too old to be told of
	measureTap          // seconds since badge and PIN were shown, and 1; 0 when they were not
)

// ahead is by how much the clock of who noted a tap may be ahead of ours.
const ahead = 30 * time.Second

// longAgo stands for a tap of which it is not known how long ago it was: no table makes it
// fresh.
const longAgo = 366 * 24 * time.Hour

// wording is what a workstation is told by.
type wording struct {
	networks   map[string]pip.Networks
	TapSeconds int `json:"tap_seconds"` // without the row no tap is ever fresh
}

// matches are numbered for the journal, from 1, where a comparison is too old to be
// told of.
var matches = []string{"", string(pip.DeviceSame), string(pip.DeviceChanged), string(pip.DeviceUnseen)}

// reword takes back what is too old to be known, says what no longer is, and tells the
// workstation by the tables.
func reword(at *pip.Situation, w pip.Words) {
	s := w.Wording().(*wording)
	state, _ := w.Trusted()
	if state == pip.Unknown {
		w.Word("match", "")
		w.Word("workstation", "")
		w.Word("tap", "")
		return
	}
	if n, _ := w.Measured(measureMatch); n > 0 && n < int64(len(matches)) {
		w.Word("match", matches[n])
	}
	if w.Text("workstation_id") != "" && !at.Address.IsValid() && w.Text("workstation") != "" {
		w.Untold("networks") // a record whose address was not kept
		return
	}
	w.Word("workstation", s.workstation(at, w))
	w.Word("tap", s.tap(w))
}

func (s *wording) workstation(at *pip.Situation, w pip.Words) string {
	switch {
	case w.Text("workstation_id") == "":
		return atNone
	case s.networks[w.Text("network")].Place(at.Address) == "on_site":
		return atRegistered
	default:
		return atOther
	}
}

func (s *wording) tap(w pip.Words) string {
	if w.Text("workstation") != atRegistered {
		return ""
	}
	switch since, _ := w.Measured(measureTap); {
	case since <= 0:
		return tapNone
	case since <= int64(s.TapSeconds):
		return tapFresh
	default:
		return tapExpired
	}
}

// Write says how a device compares, and at which workstation it is. Of one that is not
// known nothing is said.
func Write(d *pip.Device, q *pip.Query, w pip.Words) {
	if station := d.Workstation; station != nil {
		w.Word("workstation_id", station.ID)
		w.Word("zone", station.Zone)
		w.Word("network", station.Network)
		w.Measure(measureTap, sinceTap(station.Tapped, q.Now))
	}
	if w.Trust(d.Reading) != pip.Unknown {
		w.Word("match", string(d.Match))
	} else if d.State != pip.Unknown {
		w.Measure(measureMatch, int64(max(0, slices.Index(matches, string(d.Match)))))
	}
	reword(&pip.Situation{Address: q.Address}, w)
}

// sinceTap is the measure of a tap. One that is not yet counts as long ago.
func sinceTap(tapped, now time.Time) int64 {
	if tapped.IsZero() {
		return 0
	}
	since := now.Sub(tapped)
	if since < -ahead || since > longAgo {
		since = longAgo
	}
	return 1 + int64(max(0, since)/time.Second)
}
