package handler

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pip"
)

// passkeys serves log-ins by passkey that name no account, and an account's passkeys.
func (h handler) passkeys(router *gin.Engine) {
	if !h.admin.HasPasskeys() {
		return
	}
	router.POST("/auth/login/passkey", h.logInByPasskey)
	router.POST("/auth/passkeys/options", h.offerPasskey)
	router.POST("/auth/passkeys", h.addPasskey)
	router.GET("/auth/passkeys", h.listPasskeys)
	router.DELETE("/auth/passkeys/:id", h.removePasskey)
	router.DELETE("/api/admin/users/:id/passkeys", h.removePasskeysOf)
}

func (h handler) logInByPasskey(c *gin.Context) {
	challenge, err := h.admin.LogInByPasskey(c.Request.Context())
	if err != nil {
		h.fail(c, err)
		return
	}
	answer := h.asking(challenge)
	answer["privacy"] = h.privacyNotice()
	c.JSON(http.StatusOK, answer)
}

func (h handler) offerPasskey(c *gin.Context) {
	who := claims(c)
	from := client(c)
	from.Host = who.Host
	var err error
	if h.stations != nil {
		from.At, err = h.stations.At(c.Request.Context(), from)
	}
	if err != nil {
		h.fail(c, err)
		return
	}
	challenge, err := h.admin.OfferPasskey(c.Request.Context(), from, who.Subject, who.Session)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, h.asking(challenge))
}

// A passkeyItem is a passkey as its owner sees it. What is lost has no name.
type passkeyItem struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Synced   bool       `json:"synced"`
	Created  time.Time  `json:"created_at"`
	LastUsed *time.Time `json:"last_used_at"`
}

func itemOf(k pip.Passkey) passkeyItem {
	item := passkeyItem{ID: k.ID, Name: k.Name, Synced: k.Synced, Created: k.Created}
	if !k.LastUsed.IsZero() {
		item.LastUsed = &k.LastUsed
	}
	return item
}

func (h handler) addPasskey(c *gin.Context) {
	var challenge, name, answer string
	if !decodeForm(c, form{
		required: texts{"challenge": &challenge, "name": &name},
		objects:  texts{"passkey": &answer},
	}) {
		return
	}
	if answer == "" {
		write(c, malformed(missing("passkey")))
		return
	}
	who := claims(c)
	key, err := h.admin.AddPasskey(c.Request.Context(), client(c), who.Subject, who.Session, challenge, name, answer)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, itemOf(key))
}

func (h handler) listPasskeys(c *gin.Context) {
	keys, err := h.admin.PasskeysOf(c.Request.Context(), claims(c).Subject)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]passkeyItem, 0, len(keys))
	for _, k := range keys {
		items = append(items, itemOf(k))
	}
	page(c, items, "")
}

func (h handler) removePasskey(c *gin.Context) {
	who := claims(c)
	h.done(c, h.admin.RemovePasskey(c.Request.Context(), client(c), who.Subject, who.Session, c.Param("id")))
}

func (h handler) removePasskeysOf(c *gin.Context) {
	h.done(c, h.admin.RemovePasskeysOf(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}
