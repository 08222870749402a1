package look

import "strings"

// A Form is posted to Action.
type Form struct {
	Action string
	Hidden []Hidden
	Fields []Field
	Submit string // word of the button
	Class  string // of the button: "", "second" or "danger"
	Back   *Link  // beside the button
}

// A Passkey is a form that a passkey of the person's fills: the browser asks for it when
// the button is pressed, and the answer is sent as the field "passkey". It is shown
// where the browser runs the script of the page alone.
type Passkey struct {
	Form
	Create  bool   // a new passkey is made; else one signs
	Options string // JSON: those of navigator.credentials.create() or get() (W3C Web Authentication)
	Offered bool   // the browser offers passkeys by itself too, at the page's field Email
}

// Ceremony is what the script asks the browser for.
func (p Passkey) Ceremony() string {
	if p.Create {
		return "create"
	}
	return "get"
}

// Hidden is what a form carries along unseen.
type Hidden struct{ Name, Value string }

// A Kind of field says what is typed there.
type Kind int

// The kinds of fields.
const (
	Plain Kind = iota
	Email
	Password    // of this account
	NewPassword // one that is chosen now
	Code        // of six digits
	LongCode    // with letters
	Username
)

// A Choice is one of several.
type Choice struct{ Value, Text string }

// A Field is an input with a label and perhaps a hint, both words, and with what
// is wrong with it, in the page's language.
type Field struct {
	Name     string
	Kind     Kind
	Label    string
	Hint     string
	Value    string
	Fault    string
	Optional bool
	Choices  []Choice // what may be chosen, in place of typing
	Passkeys bool     // the browser offers passkeys there
}

// Secret reports whether the field never shows what was typed.
func (f Field) Secret() bool {
	return f.Kind == Password || f.Kind == NewPassword || f.Kind == Code || f.Kind == LongCode
}

// Shown is what the input holds when the page opens: never a secret.
func (f Field) Shown() string {
	if f.Secret() {
		return ""
	}
	return f.Value
}

// Type is the input's.
func (f Field) Type() string {
	switch f.Kind {
	case Email:
		return "email"
	case Password, NewPassword:
		return "password"
	default:
		return "text"
	}
}

// Autocomplete helps browsers and password managers (WCAG 2.2, 1.3.5 and 3.3.8).
func (f Field) Autocomplete() string {
	if f.Kind == Email && f.Passkeys {
		return "username webauthn"
	}
	return map[Kind]string{
		Email: "username", Password: "current-password", NewPassword: "new-password",
		Code: "one-time-code", LongCode: "one-time-code",
	}[f.Kind]
}

// InputMode has phones show digits.
func (f Field) InputMode() string {
	if f.Kind == Code {
		return "numeric"
	}
	return ""
}

// Short reports whether the input is as wide as what it takes.
func (f Field) Short() bool { return f.Kind == Code }

// LeftToRight reports whether what is typed runs so in every language.
func (f Field) LeftToRight() bool { return f.Kind != Plain && f.Kind != Username }

// Described names what describes the input.
func (f Field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Fault != "" {
		ids = append(ids, f.Name+"-fault")
	}
	return strings.Join(ids, " ")
}
