package handler

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pdp/admin/workstation"
)

// workstations serves the registration of shared machines.
func (h handler) workstations(router *gin.Engine) {
	if h.stations == nil {
		return
	}
	router.GET("/api/admin/workstations", h.listStations)
	router.POST("/api/admin/workstations", h.register)
	router.DELETE("/api/admin/workstations/:id", func(c *gin.Context) {
		h.done(c, h.stations.Remove(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
	})
}

type stationItem struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Zone       string     `json:"zone"`
	Network    string     `json:"network"`
	Proof      string     `json:"proof"`         // key or certificate
	By         string     `json:"registered_by"` // account; "" where it was not noted
	Registered time.Time  `json:"registered_at"`
	Enrolled   *time.Time `json:"enrolled_at"` // null until the machine was enrolled
	Seen       *time.Time `json:"seen_at"`     // null until somebody was there
}

func newStationItem(s *workstation.Station) stationItem {
	item := stationItem{ID: s.ID, Name: s.Name, Zone: s.Zone, Network: s.Network, Proof: string(s.Proof), By: s.By, Registered: s.Registered}
	if !s.Enrolled.IsZero() {
		item.Enrolled = &s.Enrolled
	}
	if !s.Seen.IsZero() {
		item.Seen = &s.Seen
	}
	return item
}

func (h handler) listStations(c *gin.Context) {
	all, err := h.stations.List(c.Request.Context())
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]stationItem, 0, len(all))
	for i := range all {
		items = append(items, newStationItem(&all[i]))
	}
	page(c, items, "")
}

func (h handler) register(c *gin.Context) {
	var r workstation.Registration
	var proof string
	if !decodeForm(c, form{
		required: texts{"name": &r.Name, "network": &r.Network}, optional: texts{"zone": &r.Zone, "proof": &proof},
		long: texts{"certificate": &r.Certificate},
	}) {
		return
	}
	r.Proof = workstation.Proof(proof)
	s, code, err := h.stations.Register(c.Request.Context(), client(c), claims(c).Subject, r)
	if err != nil {
		h.fail(c, err)
		return
	}
	answer := gin.H{"id": s.ID}
	if code != "" {
		answer["code"], answer["expires_in"] = code, seconds(workstation.CodeLife)
	}
	c.JSON(http.StatusCreated, answer)
}
