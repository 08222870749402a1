package identity

import (
	"strings"
	"time"
)

// knownLife is how long it is worth while to deliver a mail without a code.
const knownLife = 24 * time.Hour

// begun says when and from where a flow was begun, in the words of a mail.
func begun(c caller, network string, now time.Time) string {
	at := now.UTC().Format("at 15:04 UTC on 2 January 2006")
	switch {
	case strings.HasPrefix(c.origin, deviceKind):
		return at + " on a device that you have used before"
	case strings.HasPrefix(c.origin, onSiteKind):
		return at + " in the hospital"
	case network == "":
		return at + " from an unknown network"
	default:
		return at + " from the network " + network
	}
}

func signUpMail(to, code, begun string) Message {
	return Message{
		To: to, Subject: "Your Wardgate account", Life: signUpLife,
		Text: "Your code is " + code + "\n\n" +
			"It proves that this address is yours, and is valid for a quarter of an hour.\n" +
			"It opens the account that was asked for " + begun + ", with the password that was chosen there.\n" +
			"If that was not you, ignore this mail: without the code there is no account.\n",
	}
}

func knownMail(to string) Message {
	return Message{
		To: to, Subject: "Your Wardgate account", Life: knownLife,
		Text: "Somebody asked for a new account with this address, which has one already.\n\n" +
			"If that was you, log in, or say that you forgot your password.\n" +
			"If it was not, there is nothing to do: nothing has changed.\n" +
			"You are told of it once a day, however often it happens.\n",
	}
}

func resetMail(to, code, begun string) Message {
	return Message{
		To: to, Subject: "Your Wardgate password",
		Text: "Your code is " + code + "\n\n" +
			"With it you can choose a new password. It is valid for a few minutes and for one use,\n" +
			"and only where it was asked for: " + begun + ".\n" +
			"If you did not ask for it, ignore this mail: your password stays as it is.\n",
	}
}
