package identity

import (
	"errors"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// checkSignUp names every faulty field, and makes the rest canonical.
func checkSignUp(s *pip.SignUpForm, roles pip.Roles) []problem.Field {
	var faults []problem.Field
	fault := func(field, message string) {
		faults = append(faults, problem.Field{Location: "body." + field, Message: message})
	}
	s.Username = strings.ToLower(s.Username)
	if !plainUsername(s.Username) {
		fault("username", "expected 2 to 64 letters, digits, dots, dashes or underscores")
	}
	var err error
	if s.Email, err = ParseEmail(s.Email); err != nil {
		fault("email", "expected an e-mail address")
	}
	if fields := passwordFaults(s.Password); fields != nil {
		faults = append(faults, fields...)
	}
	role := roles[s.Role]
	if !role.SignUp {
		fault("role", "expected "+oneOf(roles.SignUp()))
	}
	patient := role.Record == pip.RecordPatient
	for field, value := range map[string]string{"patient_number": s.Number, "enrolment_code": s.Code} {
		switch {
		case patient && value == "":
			fault(field, "required for a patient")
		case !patient && value != "":
			fault(field, "for patients only")
		case len(value) > 64 || !printableASCII(value):
			fault(field, "expected at most 64 printable characters without blanks")
		}
	}
	slices.SortFunc(faults, func(a, b problem.Field) int { return strings.Compare(a.Location, b.Location) })
	return faults
}

// oneOf lists words: "doctor, nurse or patient".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// passwordFaults is nil for a password that may be chosen.
func passwordFaults(chosen string) []problem.Field {
	var message string
	switch err := password.Check(chosen); {
	case errors.Is(err, password.ErrCommon):
		message = "expected a password that is not a common one"
	case err != nil:
		message = "expected at least 10 characters and at most 72 bytes, without NUL"
	default:
		return nil
	}
	return []problem.Field{{Location: "body.password", Message: message}}
}

// plainUsername keeps what looks like a link or a sentence out of mails and pages.
func plainUsername(name string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	odd := func(c rune) bool { return !strings.ContainsRune(plain, c) }
	return len(name) >= 2 && len(name) <= 64 && !strings.ContainsFunc(name, odd)
}
