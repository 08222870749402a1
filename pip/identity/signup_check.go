package identity

import (
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// CheckCredentials names every fault of what each account needs, however it is
// added, and makes the username and the address canonical. The location of a
// fault is the name of the field behind "body.".
func CheckCredentials(username, email *string, chosen string) []problem.Field {
	var faults []problem.Field
	*username = strings.ToLower(*username)
	if !plainUsername(*username) {
		faults = append(faults, problem.Field{Location: "body.username", Message: "expected 2 to 64 letters, digits, dots, dashes or underscores"})
	}
	canonical, err := ParseEmail(*email)
	if err != nil {
		faults = append(faults, problem.Field{Location: "body.email", Message: "expected an e-mail address"})
	}
	*email = canonical
	return append(faults, passwordFaults(chosen)...)
}

// checkSignUp names every faulty field, and makes the rest canonical.
func checkSignUp(s *pip.SignUpForm, roles pip.Roles) []problem.Field {
	faults := CheckCredentials(&s.Username, &s.Email, s.Password)
	fault := func(field, message string) {
		faults = append(faults, problem.Field{Location: "body." + field, Message: message})
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
		message = "expected at least 10 characters and at most 72 bytes, without control characters"
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

// privileged are user names that applications give to those who run them.
var privileged = []string{
	"admin", "administrator", "anonymous", "guest", "nobody", "operator", "root", "superuser", "sysadmin", "system", "wardgate",
}

// meansAnother reports whether an application that knows people by their user names may
// take the bearer of one for another: for an administrator of its own, or for the account
// of which it is the id. A sign-up gets none; the operator and officers give any.
func meansAnother(name string) bool {
	return slices.Contains(privileged, name) || uuid.Validate(name) == nil
}
