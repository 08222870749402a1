package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math/big"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pip"
	"golang.org/x/crypto/bcrypt"
)

// A Factor is one way to prove possession, asked for after the password.
type Factor interface {
	// Method names it to the user: "email", "totp".
	Method() string
	// Ready reports whether the account can use it now.
	Ready(ctx context.Context, account string) (bool, error)
	// Prepare makes a fresh question for p. Nothing leaves before Deliver.
	Prepare(ctx context.Context, p pip.Profile) (Question, error)
	// Check judges an answer to c, whose Kept is what the Question remembered if
	// it was this factor's. It returns what was proven, in the words that the
	// policy reads (RFC 8176), or "" for a wrong answer.
	Check(ctx context.Context, c Pending, answer string) (amr string, err error)
}

// A Question is prepared by a Factor: Kept is stored, never the answer itself,
// and Deliver reaches the person once Kept is safe. A factor that the person
// carries about asks nothing: its Question is zero.
type Question struct {
	Kept    string
	Deliver func(context.Context) error
}

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
	// cannot tell by time whether there was somebody to write to.
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

// What was proven, to the policy, by its names in RFC 8176.
const (
	amrPassword = "pwd"
	AmrOneTime  = "otp"
)

const (
	codeCost  = 10
	codeSize  = 6
	firstCode = 100000
	codeCount = 900000
)

// EmailCode is the factor that mails a six-digit code.
type EmailCode struct{ mailer Mailer }

// NewEmailCode returns the factor that sends by mailer.
func NewEmailCode(mailer Mailer) *EmailCode { return &EmailCode{mailer: mailer} }

// Method is "email".
func (*EmailCode) Method() string { return methodEmail }

// Ready is true: every account has an address.
func (*EmailCode) Ready(context.Context, string) (bool, error) { return true, nil }

// Prepare draws a code. What is kept is its bcrypt hash.
func (e *EmailCode) Prepare(_ context.Context, p pip.Profile) (Question, error) {
	code, err := drawCode()
	if err != nil {
		return Question{}, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(code), codeCost)
	if err != nil {
		return Question{}, fmt.Errorf("hash code: %w", err)
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
		Kept:    string(hash),
		Deliver: func(ctx context.Context) error { return e.mailer.Send(ctx, m) },
	}, nil
}

// Check compares with the hash of Prepare. A challenge for which no code was
// mailed has none.
func (*EmailCode) Check(_ context.Context, c Pending, answer string) (string, error) {
	if c.Kept == "" || !IsCode(answer) || bcrypt.CompareHashAndPassword([]byte(c.Kept), []byte(answer)) != nil {
		return "", nil
	}
	return AmrOneTime, nil
}

// drawCode draws from 100000 to 999999, each equally likely.
func drawCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codeCount))
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return strconv.FormatInt(firstCode+n.Int64(), 10), nil
}

// IsCode accepts exactly six digits: no blanks, no other digits than ASCII.
func IsCode(answer string) bool {
	if len(answer) != codeSize {
		return false
	}
	for i := range codeSize {
		if answer[i] < '0' || answer[i] > '9' {
			return false
		}
	}
	return true
}
