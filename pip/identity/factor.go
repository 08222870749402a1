package identity

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// A Factor is one way to prove possession, asked for after the password.
type Factor interface {
	// Method names it to the user: "email", "totp".
	Method() string
	// Ready reports whether the account can use it now.
	Ready(ctx context.Context, account string) (bool, error)
	// Prepare makes a fresh question for p. Nothing leaves before Deliver. It is
	// called for the factor that an account prefers; the others ask nothing.
	Prepare(ctx context.Context, p pip.Profile) (Question, error)
	// Check judges an answer to c, whose Kept is what the Question remembered if
	// it was this factor's. It returns what was proven, in the words that the
	// policy reads (RFC 8176), or "" for a wrong answer.
	Check(ctx context.Context, c Pending, answer string) (amr string, err error)
}

// A Question is prepared by a Factor: Kept is stored, never the answer itself. Then
// Deliver reaches the person, or the client is shown Shown, in JSON. A factor that
// the person carries about and that needs no question has the zero Question.
type Question struct {
	Kept    string
	Deliver func(context.Context) error
	Shown   json.RawMessage
}

// Passkeys is the factor of keys that sign a challenge. Unlike a code, an answer is
// of one key, and so names its owner; and it cannot be guessed, so that wrong ones
// are not counted against the owner.
type Passkeys interface {
	Factor
	// Ask makes a challenge for somebody who names no account. Nothing of it is
	// stored; its name begins with Unnamed.
	Ask(ctx context.Context) (pip.Challenge, error)
	// Owner returns the account that an answer says it is of, or "". It proves nothing.
	Owner(ctx context.Context, answer string) (account string, err error)
	// Prove is Check for an answer of the account to a challenge that Ask made,
	// which is good for one right answer.
	Prove(ctx context.Context, challenge, account, answer string) (amr string, err error)
}

// Unnamed begins the names of challenges that were made for no account.
const Unnamed = "unnamed."

// IsAssertion reports whether an answer has the form of a passkey's: a JSON object.
// Codes begin with letters or digits.
func IsAssertion(answer string) bool { return strings.HasPrefix(answer, "{") }

// A Mailer sends one message. When it returns nil the message is on its way.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// A Message is a mail in plain text. It holds a code: it prints as "redacted".
type Message struct {
	To      string // a bare address
	Subject string
	Text    string
	Life    time.Duration // it is worthless afterwards; 0 means 5 minutes
	// Void asks for the work of sending without the mail, so that a stranger
	// cannot tell by time whether there was an account.
	Void bool
}

// String keeps the code out of logs.
func (Message) String() string { return "redacted" }

// GoString keeps the code out of logs.
func (Message) GoString() string { return "redacted" }

// LogValue keeps the code out of logs.
func (Message) LogValue() slog.Value { return slog.StringValue("redacted") }

// methodEmail names the factor to the user.
const methodEmail = "email"

// What was proven, to the policy. "pwd" and "otp" are RFC 8176's names. It has
// none for a code that a mailbox received: each reader of the mail has it.
const (
	amrPassword = "pwd"
	AmrOneTime  = "otp"
	AmrEmail    = "email"
	AmrPass     = "pass" // the word of others, for one shift
	// AmrPasskey is possession of a key that signs for one origin alone (OpenID
	// Connect EAP ACR Values). The authenticator has verified its user by a PIN or a
	// body's feature: that is a second factor, and amrSeveral says so (RFC 8176).
	AmrPasskey = "pop"
	amrSeveral = "mfa"
)

// EmailCode is the factor that mails a six-digit code.
type EmailCode struct {
	mailer Mailer
	vault  *vault.Vault
}

// NewEmailCode returns the factor that sends by mailer. What it keeps of a code
// is keyed with vault.
func NewEmailCode(mailer Mailer, vault *vault.Vault) *EmailCode {
	return &EmailCode{mailer: mailer, vault: vault}
}

// Method is "email".
func (*EmailCode) Method() string { return methodEmail }

// Ready is true: every account has an address.
func (*EmailCode) Ready(context.Context, string) (bool, error) { return true, nil }

// Prepare draws a code. What is kept is its keyed hash.
func (e *EmailCode) Prepare(_ context.Context, p pip.Profile) (Question, error) {
	code, kept, err := newCode(e.vault)
	if err != nil {
		return Question{}, err
	}
	m := Message{
		To:      p.Email,
		Subject: "Your Wardgate code",
		Text: "Your code is " + code + "\n\n" +
			"It is valid for a few minutes and for one use.\n" +
			"If you did not ask for it, somebody else may know your password:\n" +
			"tell your hospital's IT. Nobody will ever ask you for this code.\n",
	}
	return Question{
		Kept:    kept,
		Deliver: func(ctx context.Context) error { return e.mailer.Send(ctx, m) },
	}, nil
}

// Check compares with what Prepare kept. A challenge for which no code was
// mailed has nothing.
func (e *EmailCode) Check(_ context.Context, c Pending, answer string) (string, error) {
	same, err := sameCode(e.vault, c.Kept, answer)
	if err != nil || !same {
		return "", err
	}
	return AmrEmail, nil
}
