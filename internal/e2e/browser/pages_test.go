//go:build browser

package browser_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func TestLogInAndOut(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/").logIn(w, "doctor")
	b.isAt("/").sees("You are logged in", "Log out")
	b.follow("Your account").isAt("/account/").sees("doctor@demo.hospital.test", "Doctor")
	b.follow("Where you are logged in").isAt("/account/sessions").sees("This one", "Chrome")
	b.follow("Log out").isAt("/logout").press("Log out").sees("You are logged out")
	if names := b.cookies(); slices.Contains(names, "wardgate") {
		t.Errorf("the browser still holds %v", names)
	}
	b.back()
	b.visit("/account/").isAt("/login").seesNot("doctor@demo.hospital.test")
}

// TestNothingInTheBrowserIsAToken: what it holds is opened by none but the
// enforcement point, and by no script.
func TestNothingInTheBrowserIsAToken(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/login").logIn(w, "nurse")
	names := b.cookies()
	if !slices.Contains(names, "wardgate") || !slices.Contains(names, "wardgate-form") {
		t.Errorf("the browser holds %v", names)
	}
	kept := get(b, "storage", chromedp.Evaluate[int](`localStorage.length + sessionStorage.length + document.cookie.length`))
	if kept != 0 {
		t.Errorf("scripts can read %d things that are kept", kept)
	}
}

func TestWrongPasswordAndWrongCode(t *testing.T) {
	w, home := house(t)
	const address = "patient@demo.hospital.test"
	b := open(t, home).visit("/login").press("Continue").sees("There is a problem", "Type your e-mail address", "Type your password")
	b.fill("E-mail address", address).fill("Password", "something else").press("Continue")
	b.sees("The e-mail address or the password is wrong").holds("E-mail address", address).holds("Password", "")
	b.fill("Password", "Wardgate-demo-2026").press("Continue").sees("Confirm that it is you")
	code := w.NewestCode(address)
	b.fill("Code", wrong(code)).press("Confirm").sees("The code is wrong").holds("Code", "")
	b.fill("Code", code[:3]+" "+code[3:]).press("Confirm").isAt("/").sees("You are logged in")
}

// wrong is another code.
func wrong(code string) string {
	last := byte('0')
	if code[len(code)-1] == last {
		last = '1'
	}
	return code[:len(code)-1] + string(last)
}

// TestWhatIsTypedIsText in the page that says what was wrong with it.
func TestWhatIsTypedIsText(t *testing.T) {
	_, home := house(t)
	const typed = `"><script>document.title="taken"</script><img src=x onerror=document.title="taken">@x.test`
	b := open(t, home).visit("/login?next=" + `%22%3E%3Cscript%3Edocument.title%3D%22taken%22%3C%2Fscript%3E`)
	b.fill("E-mail address", typed).fill("Password", typed).press("Continue").holds("E-mail address", typed)
	b.visit("/signup").fill("User name", typed).fill("E-mail address", typed).fill("Patient number", typed).fill("New password", "short").press("Continue")
	b.sees("There is a problem").holds("User name", typed).holds("Patient number", typed)
	title := get(b, "title", chromedp.Title())
	if strings.Contains(title, "taken") {
		t.Errorf("what was typed ran: the title is %q", title)
	}
}

// TestSessionThatEndsInTheMiddleOfAForm: what was typed on a page is kept, and what
// needs the session begins again where it was.
func TestSessionThatEndsInTheMiddleOfAForm(t *testing.T) {
	w, home := house(t)
	t.Run("typed", func(t *testing.T) {
		b := open(t, home).visit("/signup").fill("User name", "j.smith").fill("E-mail address", "j.smith@demo.hospital.test")
		b.choose("Nurse").fill("New password", "seven green boats").forgetCookies().press("Continue")
		b.sees("Nothing was sent yet").holds("User name", "j.smith").holds("E-mail address", "j.smith@demo.hospital.test").holds("New password", "")
		b.fill("New password", "seven green boats").press("Continue").sees("Confirm your e-mail address")
		b.fill("Code", w.NewestCode("j.smith@demo.hospital.test")).press("Confirm").sees("Your e-mail address is confirmed")
	})
	t.Run("ended elsewhere", func(t *testing.T) {
		b := open(t, home).visit("/account/app").logIn(w, "doctor").isAt("/account/app")
		other := open(t, home).visit("/account/sessions").logIn(w, "doctor").isAt("/account/sessions")
		other.press("Log out everywhere").sees("All sessions of your account have ended")
		b.visit("/account/app").logIn(w, "doctor").isAt("/account/app").sees("Authenticator app")
	})
}

func TestWithoutScript(t *testing.T) {
	w, home := house(t)
	b := open(t, home).withoutScript().visit("/account/sessions").logIn(w, "patient")
	b.isAt("/account/sessions").sees("This one").press("Log out everywhere").sees("All sessions of your account have ended")
}

func TestInArabic(t *testing.T) {
	w, home := house(t)
	const address = "doctor2@demo.hospital.test"
	b := open(t, home, inArabic()).visit("/login").sees("تسجيل الدخول")
	direction := get(b, "direction", chromedp.Evaluate[string](`getComputedStyle(document.body).direction`))
	if direction != "rtl" {
		t.Errorf("the page runs %q", direction)
	}
	b.fill("البريد الإلكتروني", address).fill("كلمة المرور", "Wardgate-demo-2026").press("متابعة")
	b.fill("الرمز", wrong(w.NewestCode(address))).press("تأكيد").sees("الرمز خاطئ")
	b.fill("الرمز", w.NewestCode(address)).press("تأكيد").sees("تم تسجيل دخولك")
	b.follow("حسابك").sees("طبيب").follow("أين سجّلت الدخول").sees("هذه")
	b.follow("English").isAt("/account/sessions").sees("Where you are logged in").follow("Your account").sees("Your account")
}

// TestWideAndNarrow: nothing is scrolled sideways at 200 % or at 320 pixels (WCAG
// 2.2, 1.4.4 and 1.4.10). Every page that a tab comes to is measured.
func TestWideAndNarrow(t *testing.T) {
	w, home := house(t)
	for name, window := range map[string]option{"at 200 %": zoomed(), "320 pixels wide": narrow()} {
		t.Run(name, func(t *testing.T) {
			b := open(t, home, window)
			for _, path := range []string{"/signup", "/forgot", "/logout"} {
				b.visit(path)
			}
			b.visit("/login").press("Continue")
			b.visit("/account/").logIn(w, "security").isAt("/account/")
			b.visit("/account/sessions").visit("/account/app").visit("/step-up").visit("/")
		})
	}
}

func TestByKeyboard(t *testing.T) {
	_, home := house(t)
	b := open(t, home).visit("/login")
	focused := func() string {
		return get(b, "focus", chromedp.Evaluate[string](`document.activeElement.textContent.trim() || document.activeElement.id`))
	}
	var got []string
	for range 6 {
		b.run("tab", chromedp.KeyEvent("\t"))
		got = append(got, focused())
	}
	want := []string{"Skip to the main content", "Wardgate", "Log in", "email", "password", "Continue"}
	if !slices.Equal(got, want) {
		t.Errorf("the focus goes through %q, want %q", got, want)
	}
	b.turn("enter", chromedp.KeyEvent("\r")).sees("There is a problem")
	if got := focused(); !strings.Contains(got, "There is a problem") {
		t.Errorf("the focus is on %q, and not on what is wrong", got)
	}
}

// TestTheGuardOfPagesIsAwake: a style and a script that came into a page are refused,
// and these tests notice.
func TestTheGuardOfPagesIsAwake(t *testing.T) {
	_, home := house(t)
	b := open(t, home).visit("/login")
	get(b, "inject", chromedp.Evaluate[string](`
		document.body.appendChild(Object.assign(document.createElement("style"), {textContent: "body { color: red }"}));
		document.body.appendChild(Object.assign(document.createElement("script"), {textContent: "document.title = 'taken'"}));
		document.title`))
	rig.Until(t, "both violations are told of", func() bool { // the browser tells of them when it likes
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.violations) >= 2
	})
	if title := get(b, "title", chromedp.Title()); title == "taken" {
		t.Errorf("the title is %q", title)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = nil
}
