package tables

import "github.com/wardgate/wardgate/pdp"

// underWayRows are the rows of the limits about exchanges that last.
type underWayRows struct {
	Every        int `json:"under_way_seconds"`
	Grace        int `json:"under_way_grace_seconds"`
	MachineGrace int `json:"under_way_machine_grace_seconds"`
}

func (u *underWayRows) check(row func(name string, n, least, most int)) {
	row("under_way_seconds", u.Every, 1, 60)
	row("under_way_grace_seconds", u.Grace, 0, 3600)
	row("under_way_machine_grace_seconds", u.MachineGrace, 0, 3600)
}

func (u *underWayRows) typed() pdp.UnderWay {
	return pdp.UnderWay{Every: seconds(u.Every), Grace: seconds(u.Grace), MachineGrace: seconds(u.MachineGrace)}
}
