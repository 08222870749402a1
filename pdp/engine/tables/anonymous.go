package tables

import "github.com/wardgate/wardgate/pdp"

type anonymousRows struct {
	PerMinute        int `json:"anonymous_requests_per_minute"`
	Burst            int `json:"anonymous_burst"`
	OnSitePerMinute  int `json:"anonymous_requests_per_minute_on_site"`
	OnSiteBurst      int `json:"anonymous_burst_on_site"`
	OffSitePerMinute int `json:"anonymous_requests_per_minute_off_site"`
	Fruitless        int `json:"fruitless_requests_per_minute"` // 0 in a book of before there was a bound
	FruitlessBurst   int `json:"fruitless_burst"`
	Recorded         int `json:"anonymous_denials_recorded"`
	OnSiteRecorded   int `json:"anonymous_denials_recorded_on_site"`
	Session          int `json:"session_refusals_recorded"`
	Denied           int `json:"session_denials_recorded"`
	CostlyAtOnce     int `json:"costly_at_once"`
	CostlyWaiting    int `json:"costly_waiting"`
}

// check names the bounds of each row. Without such requests there is no log-in:
// none of the numbers may be 0 but those of records, of waiting and of fruitless ones.
func (s *anonymousRows) check(row func(name string, n, least, most int)) {
	const most = 10_000_000
	row("anonymous_requests_per_minute", s.PerMinute, 1, most)
	row("anonymous_burst", s.Burst, 1, most)
	row("anonymous_requests_per_minute_on_site", s.OnSitePerMinute, 1, most)
	row("anonymous_burst_on_site", s.OnSiteBurst, 1, most)
	row("anonymous_requests_per_minute_off_site", s.OffSitePerMinute, 1, most)
	row("fruitless_requests_per_minute", s.Fruitless, 0, most)
	row("fruitless_burst", s.FruitlessBurst, min(s.Fruitless, 1), most)
	row("anonymous_denials_recorded", s.Recorded, 0, most)
	row("anonymous_denials_recorded_on_site", s.OnSiteRecorded, 0, most)
	row("session_refusals_recorded", s.Session, 1, most)
	row("session_denials_recorded", s.Denied, 1, most)
	row("costly_at_once", s.CostlyAtOnce, 1, 1024)
	row("costly_waiting", s.CostlyWaiting, 0, 100_000)
}

func (s *anonymousRows) typed() pdp.Anonymous {
	return pdp.Anonymous{
		PerMinute: s.PerMinute, Burst: s.Burst,
		OnSitePerMinute: s.OnSitePerMinute, OnSiteBurst: s.OnSiteBurst, OffSitePerMinute: s.OffSitePerMinute,
		FruitlessPerMinute: s.Fruitless, FruitlessBurst: s.FruitlessBurst,
		CostlyAtOnce: s.CostlyAtOnce, CostlyWaiting: s.CostlyWaiting,
	}
}

func (s *anonymousRows) recorded() pdp.Recorded {
	return pdp.Recorded{Anonymous: s.Recorded, OnSite: s.OnSiteRecorded, Session: s.Session, Denied: s.Denied}
}
