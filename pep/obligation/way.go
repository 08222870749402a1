package obligation

// A Way is where a request goes from the enforcement point. The zero Way is
// nowhere: no obligation is kept there.
type Way uint8

// The ways.
const (
	Refused        Way = iota + 1 // back to the client: the decision denies
	Service                       // to one of Wardgate's own services, which keeps what the assertion states
	External                      // to another application, which reads no assertion
	ProxiedService                // through another proxy, which asked, to one of Wardgate's own services
	Proxied                       // through another proxy, which asked, to another application

	// Stream is on top of another way: the answer has no end, and parts of it
	// leave while it lasts.
	Stream

	// Upload is on top of another way too: the request's body is forwarded as it
	// arrives, and what it says is not judged.
	Upload

	afterLast
)

// String names the way in errors.
func (w Way) String() string {
	names := [afterLast]string{
		"nowhere", "refused", "service", "external", "proxied service", "proxied", "stream", "upload",
	}
	if w >= afterLast {
		return names[0]
	}
	return names[w]
}

// Ways is a set of ways. The zero set is empty.
type Ways uint16

// everywhere is where a request without obligations may go.
const everywhere = ^Ways(0)

// On returns the set of these ways.
func On(list ...Way) Ways {
	var s Ways
	for _, w := range list {
		s |= w.bit()
	}
	return s
}

// onTop reports whether w is on top of another way.
func (w Way) onTop() bool { return w == Stream || w == Upload }

// Has reports whether w is in the set. Nowhere is in none.
func (s Ways) Has(w Way) bool { return s&w.bit() != 0 }

func (w Way) bit() Ways {
	if w == 0 || w >= afterLast {
		return 0
	}
	return 1 << w
}

// parts are kinds of effects, by which part of the enforcement point consumes
// them.
type parts uint8

const (
	ofRefusal   parts = 1 << iota // done and said when a request is refused
	ofAssertion                   // stated to a service
	ofAnswer                      // applied to the answer that comes back
)

// takes returns the kinds of effects that are consumed on the way.
func (w Way) takes() parts {
	switch w {
	case Refused:
		return ofRefusal
	case Service:
		return ofAssertion | ofAnswer
	case External:
		return ofAnswer
	case ProxiedService:
		return ofAssertion
	default:
		return 0
	}
}

func (e *Effects) parts() parts {
	var p parts
	if len(e.Revoke) > 0 || e.Challenge != nil {
		p |= ofRefusal
	}
	if l := &e.Limits; l.Rows != nil || len(l.Withhold) > 0 || l.WithholdFragile || l.Budget != nil {
		p |= ofAssertion
	}
	if len(e.Answers) > 0 {
		p |= ofAnswer
	}
	return p
}
