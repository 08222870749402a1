package handler

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pip"
)

// people serves what concerns accounts. Without a part there are no routes to it.
func (h handler) people(router *gin.Engine) {
	if h.admin.SignsUp() {
		router.POST("/auth/signup", h.signUp)
		router.POST("/auth/signup/verify", h.verifySignUp)
		router.POST("/auth/forgot", h.forgot)
		router.POST("/auth/reset", h.reset)
	}
	if h.admin.HasApps() {
		router.POST("/api/me/totp", h.offerApp)
		router.POST("/api/me/totp/confirm", h.confirmApp)
		router.DELETE("/api/me/totp", h.removeApp)
	}
}

func (h handler) signUp(c *gin.Context) {
	var s pip.SignUpForm
	if !decodeForm(c, form{
		required: texts{"username": &s.Username, "email": &s.Email, "password": &s.Password, "role": &s.Role},
		optional: texts{"patient_number": &s.Number, "enrolment_code": &s.Code},
	}) {
		return
	}
	if err := h.admin.SignUp(c.Request.Context(), s); err != nil {
		h.failPerson(c, err)
		return
	}
	c.Status(http.StatusAccepted)
}

func (h handler) verifySignUp(c *gin.Context) {
	var email, code string
	if !decode(c, texts{"email": &email, "code": &code}) {
		return
	}
	h.donePerson(c, h.admin.VerifySignUp(c.Request.Context(), client(c), email, code))
}

func (h handler) forgot(c *gin.Context) {
	var email string
	if !decode(c, texts{"email": &email}) {
		return
	}
	challenge, err := h.admin.Forgot(c.Request.Context(), email)
	if err != nil {
		h.failPerson(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"challenge": challenge.ID})
}

func (h handler) reset(c *gin.Context) {
	var challenge, code, password string
	if !decode(c, texts{"challenge": &challenge, "code": &code, "password": &password}) {
		return
	}
	h.donePerson(c, h.admin.Reset(c.Request.Context(), client(c), challenge, code, password))
}

func (h handler) offerApp(c *gin.Context) {
	who := claims(c)
	secret, uri, err := h.admin.OfferApp(c.Request.Context(), client(c), who.Subject, who.Session)
	if err != nil {
		h.failPerson(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"secret": secret, "otpauth_uri": uri})
}

func (h handler) confirmApp(c *gin.Context) {
	var code string
	if !decode(c, texts{"code": &code}) {
		return
	}
	who := claims(c)
	recovery, err := h.admin.ConfirmApp(c.Request.Context(), client(c), who.Subject, who.Session, code)
	if err != nil {
		h.failPerson(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"recovery_codes": recovery})
}

func (h handler) removeApp(c *gin.Context) {
	who := claims(c)
	h.donePerson(c, h.admin.RemoveApp(c.Request.Context(), client(c), who.Subject, who.Session))
}

func (h handler) donePerson(c *gin.Context, err error) {
	if err != nil {
		h.failPerson(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (h handler) failPerson(c *gin.Context, err error) {
	if fields := faultyFields(err); fields != nil {
		write(c, malformed(fields...))
		return
	}
	h.fail(c, err)
}
