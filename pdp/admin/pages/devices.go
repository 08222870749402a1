package pages

import (
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin"
)

// devices serves what an account is known to log in from.
func (p *Pages) devices() {
	p.serve("GET /account/devices", (*visit).showDevices)
	p.post("/account/devices/{device}/forget", (*visit).showDevices, (*visit).forgetDevice)
	p.post("/account/devices/forget-others", (*visit).showDevices, (*visit).forgetOthers)
}

type devicesPage struct {
	Days    string // how long a device is known
	Devices []device
	Others  *look.Form // nil where there are none
}

// A device as the page shows it.
type device struct {
	Name    string
	Current bool
	Facts   []look.Fact
	Forget  look.Form
}

func (v *visit) showDevices() {
	known, err := v.parts.Admin.Devices(v.r.Context(), v.who.Subject, v.who.Session)
	if err != nil {
		v.refused(err)
		v.failed("devices.heading", "/account/", "account.heading")
		return
	}
	page := devicesPage{Days: strconv.FormatInt(days(v.parts.Admin.Limits().DeviceMemory), 10)}
	others := false
	for _, d := range known {
		page.Devices = append(page.Devices, v.device(d))
		others = others || !d.Current
	}
	if others {
		page.Others = &look.Form{Action: "/account/devices/forget-others", Submit: "devices.forget_others", Class: "danger"}
		v.complete(page.Others)
	}
	p := v.showing("devices", "devices.heading")
	p.Data = page
	v.write(p)
}

func (v *visit) device(d admin.Device) device {
	shown := device{
		Name: v.clientName(d.Browser, d.OS), Current: d.Current,
		Facts:  []look.Fact{{Word: "devices.first", Text: at(d.FirstSeen)}, {Word: "devices.last", Text: at(d.LastSeen)}},
		Forget: look.Form{Action: "/account/devices/" + d.ID + "/forget", Submit: "devices.forget", Class: "second"},
	}
	if d.Current {
		shown.Forget.Submit = "devices.forget_this"
	}
	v.complete(&shown.Forget)
	return shown
}

// clientName is what was observed of a client, as it says of itself.
func (v *visit) clientName(browser, system string) string {
	var names []string
	for _, name := range []string{browser, system} {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return v.say("devices.unnamed")
	}
	return strings.Join(names, ", ")
}

func (v *visit) forgetDevice() {
	left, err := v.parts.Admin.ForgetDevice(v.r.Context(), v.client, v.who.Subject, v.who.Session, v.r.PathValue("device"))
	switch {
	case err != nil:
		v.refused(err)
		v.showDevices()
	case left:
		v.over()
		v.message("log_out.done", look.Content{Text: []string{v.say("devices.left")}, Links: v.links("/login", "log_in.again")})
	default:
		v.leaveDone("/account/devices", "devices.forgotten")
	}
}

func (v *visit) forgetOthers() {
	if err := v.parts.Admin.ForgetOtherDevices(v.r.Context(), v.client, v.who.Subject, v.who.Session); err != nil {
		v.refused(err)
		v.showDevices()
		return
	}
	v.leaveDone("/account/devices", "devices.others_forgotten")
}
