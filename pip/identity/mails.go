package identity

import "time"

// knownLife is how long it is worth while to deliver a mail without a code.
const knownLife = 24 * time.Hour

func signUpMail(to, code string) Message {
	return Message{
		To: to, Subject: "Your Wardgate account", Life: signUpLife,
		Text: "Your code is " + code + "\n\n" +
			"It proves that this address is yours, and is valid for a quarter of an hour.\n" +
			"If you did not ask for an account, ignore this mail: without the code there is none.\n",
	}
}

func knownMail(to string) Message {
	return Message{
		To: to, Subject: "Your Wardgate account", Life: knownLife,
		Text: "Somebody asked for a new account with this address, which has one already.\n\n" +
			"If that was you, log in, or say that you forgot your password.\n" +
			"If it was not, there is nothing to do: nothing has changed.\n",
	}
}

func takenMail(to string) Message {
	return Message{
		To: to, Subject: "Your Wardgate account", Life: knownLife,
		Text: "The user name that you asked for is not free.\n\n" +
			"Please sign up again with another one.\n" +
			"If you did not ask for an account, ignore this mail.\n",
	}
}

func resetMail(to, code string) Message {
	return Message{
		To: to, Subject: "Your Wardgate password",
		Text: "Your code is " + code + "\n\n" +
			"With it you can choose a new password. It is valid for a few minutes and for one use.\n" +
			"If you did not ask for it, ignore this mail: your password stays as it is.\n",
	}
}
