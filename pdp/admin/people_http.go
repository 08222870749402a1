package admin

import (
	"io"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

// people serves what concerns accounts. Without a part there are no routes to it.
func (f face) people(router *gin.Engine) {
	if f.admin.parts.Registrar != nil {
		router.POST("/auth/signup", f.signUp)
		router.POST("/auth/signup/verify", f.verifySignUp)
		router.POST("/auth/forgot", f.forgot)
		router.POST("/auth/reset", f.reset)
	}
	if f.admin.parts.Apps != nil {
		router.POST("/api/me/totp", f.offerApp)
		router.POST("/api/me/totp/confirm", f.confirmApp)
		router.DELETE("/api/me/totp", f.removeApp)
	}
}

func (f face) signUp(c *gin.Context) {
	var s SignUp
	if !decodeSome(c, texts{
		"username": &s.Username, "email": &s.Email, "password": &s.Password, "role": &s.Role,
		"patient_number": &s.Number, "enrolment_code": &s.Code,
	}, "patient_number", "enrolment_code") {
		return
	}
	if err := f.admin.parts.Registrar.SignUp(c.Request.Context(), s); err != nil {
		f.failPerson(c, personal(err))
		return
	}
	c.Status(http.StatusAccepted)
}

func (f face) verifySignUp(c *gin.Context) {
	var email, code string
	if !decode(c, texts{"email": &email, "code": &code}) {
		return
	}
	f.donePerson(c, f.admin.VerifySignUp(c.Request.Context(), client(c), email, code))
}

func (f face) forgot(c *gin.Context) {
	var email string
	if !decode(c, texts{"email": &email}) {
		return
	}
	challenge, err := f.admin.parts.Registrar.Forgot(c.Request.Context(), email)
	if err != nil {
		f.failPerson(c, personal(err))
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"challenge": challenge.ID})
}

func (f face) reset(c *gin.Context) {
	var challenge, code, password string
	if !decode(c, texts{"challenge": &challenge, "code": &code, "password": &password}) {
		return
	}
	f.donePerson(c, f.admin.Reset(c.Request.Context(), client(c), challenge, code, password))
}

func (f face) offerApp(c *gin.Context) {
	who := claims(c)
	secret, uri, err := f.admin.OfferApp(c.Request.Context(), client(c), who.Subject, who.Session)
	if err != nil {
		f.failPerson(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"secret": secret, "otpauth_uri": uri})
}

func (f face) confirmApp(c *gin.Context) {
	var code string
	if !decode(c, texts{"code": &code}) {
		return
	}
	who := claims(c)
	recovery, err := f.admin.ConfirmApp(c.Request.Context(), client(c), who.Subject, who.Session, code)
	if err != nil {
		f.failPerson(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"recovery_codes": recovery})
}

func (f face) removeApp(c *gin.Context) {
	who := claims(c)
	f.donePerson(c, f.admin.RemoveApp(c.Request.Context(), client(c), who.Subject, who.Session))
}

func (f face) donePerson(c *gin.Context, err error) {
	if err != nil {
		f.failPerson(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (f face) failPerson(c *gin.Context, err error) {
	if fields := faultyFields(err); fields != nil {
		write(c, malformed(fields...))
		return
	}
	f.fail(c, err)
}

// decodeSome is decode, but that the optional fields may be absent.
func decodeSome(c *gin.Context, want texts, optional ...string) bool {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		write(c, malformed())
		return false
	}
	faults, err := want.read(body)
	if err != nil {
		faults = []problem.Field{{Location: "body", Message: err.Error()}}
	}
	faults = slices.DeleteFunc(faults, func(f problem.Field) bool {
		return f.Message == "required" && slices.ContainsFunc(optional, func(name string) bool { return f.Location == "body."+name })
	})
	if len(faults) > 0 {
		write(c, malformed(faults...))
		return false
	}
	return true
}
