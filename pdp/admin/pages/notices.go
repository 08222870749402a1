package pages

import (
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pip"
)

type noticesPage struct {
	Days    string // for how long notices are kept
	Links   []look.Link
	Notices []notice
}

// A notice as the page shows it.
type notice struct {
	What  string
	Facts []look.Fact
}

func (v *visit) showNotices() {
	notes, err := v.parts.Admin.Notices(v.r.Context(), v.who.Subject)
	if err != nil {
		v.refused(err)
		v.failed("notices.heading", "/account/", "account.heading")
		return
	}
	p := v.showing("notices", "notices.heading")
	page := noticesPage{Days: strconv.FormatInt(days(pip.NoticeMemory), 10)}
	if v.parts.Admin.SignsUp() {
		page.Links = v.links("/forgot", "notices.password")
	}
	page.Links = append(page.Links, v.links("/account/sessions", "sessions.heading", "/account/devices", "devices.heading")...)
	for i := range page.Links {
		page.Links[i].Path = p.To(page.Links[i].Path)
	}
	for _, n := range notes {
		page.Notices = append(page.Notices, v.notice(n))
	}
	p.Data = page
	v.write(p)
}

func (v *visit) notice(n pip.Notice) notice {
	shown := notice{What: v.say("notice." + string(n.Kind)), Facts: []look.Fact{{Word: "notices.when", Text: at(n.At)}}}
	if !n.Until.IsZero() {
		shown.Facts = append(shown.Facts, look.Fact{Word: "notices.until", Text: at(n.Until)})
	}
	if len(n.By) > 0 {
		shown.Facts = append(shown.Facts, look.Fact{Word: "notices.by", Text: strings.Join(n.By, ", ")})
	}
	if n.From.Browser != "" || n.From.OS != "" {
		shown.Facts = append(shown.Facts, look.Fact{Word: "notices.from", Text: v.clientName(n.From.Browser, n.From.OS)})
	}
	if n.Kind == pip.NoticeRecovery {
		shown.Facts = append(shown.Facts, look.Fact{Word: "notices.left", Text: strconv.Itoa(n.Left)})
	}
	return shown
}
