package handler

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

func (h handler) machine(c *gin.Context) {
	var key string
	if !decodeForm(c, form{required: texts{"key": &key}}) {
		return
	}
	tokens, err := h.admin.LogInMachine(c.Request.Context(), client(c), key)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{
		"access_token": tokens.Access, "token_type": "Bearer", "expires_in": seconds(tokens.ExpiresIn), "role": tokens.Role,
	})
}
