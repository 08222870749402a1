package handler

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
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
		router.GET("/api/me/totp", h.app)
		router.DELETE("/api/me/totp", h.removeApp)
		router.DELETE("/api/admin/users/:id/totp", h.removeAppOf)
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
	flow, err := h.admin.SignUp(c.Request.Context(), client(c), s)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"flow": flow})
}

func (h handler) verifySignUp(c *gin.Context) {
	var a pip.SignUpAnswer
	if !decodeForm(c, form{
		required: texts{"code": &a.Code},
		optional: texts{"flow": &a.Flow, "email": &a.Email},
	}) {
		return
	}
	if a.Flow == "" && a.Email == "" {
		write(c, malformed(problem.Field{Location: "body.flow", Message: "required: what /auth/signup has answered, or in its place the e-mail address"}))
		return
	}
	h.done(c, h.admin.VerifySignUp(c.Request.Context(), client(c), a))
}

func (h handler) forgot(c *gin.Context) {
	var email string
	if !decode(c, texts{"email": &email}) {
		return
	}
	challenge, err := h.admin.Forgot(c.Request.Context(), client(c), email)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"challenge": challenge.ID})
}

func (h handler) reset(c *gin.Context) {
	var a pip.ResetAnswer
	if !decode(c, texts{"challenge": &a.Challenge, "code": &a.Code, "password": &a.Password}) {
		return
	}
	h.done(c, h.admin.Reset(c.Request.Context(), client(c), a))
}

func (h handler) offerApp(c *gin.Context) {
	who := claims(c)
	secret, uri, err := h.admin.OfferApp(c.Request.Context(), client(c), who.Subject, who.Session)
	if err != nil {
		h.fail(c, err)
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
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"recovery_codes": recovery})
}

func (h handler) removeApp(c *gin.Context) {
	who := claims(c)
	h.done(c, h.admin.RemoveApp(c.Request.Context(), client(c), who.Subject, who.Session))
}

func (h handler) removeAppOf(c *gin.Context) {
	h.done(c, h.admin.RemoveAppOf(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}

func (h handler) app(c *gin.Context) {
	enrolled, left, err := h.admin.App(c.Request.Context(), claims(c).Subject)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"enrolled": enrolled, "recovery_codes_left": left})
}
