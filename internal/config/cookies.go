package config

const (
	noCookies     = "none"
	sealedCookies = "sealed"
	plainCookies  = "plain"
)

// readCookies reads which cookies of an application reach browsers. Without a host of its
// own none may: they would be the home's and those of every application there.
func (r *appReader) readCookies() {
	switch said := r.from.Cookies.(type) {
	case nil:
		return
	case string:
		if said != noCookies && said != sealedCookies {
			r.fault("cookies", "expected %s%s", cookies, meant(said, []string{noCookies, sealedCookies}))
			return
		}
		r.to.Cookies.Sealed = said == sealedCookies
	case map[string]any:
		list, _ := said[plainCookies].([]any)
		for _, one := range list {
			name, _ := one.(string)
			r.to.Cookies.Plain = append(r.to.Cookies.Plain, name)
		}
		if len(list) == 0 || len(said) != 1 {
			r.fault("cookies", "expected %s, with a name at least", cookies)
			return
		}
	default:
		r.fault("cookies", "expected %s", cookies)
		return
	}
	for _, err := range each(r.to.Cookies.Check()) {
		r.fault("cookies."+plainCookies, "%w", err)
	}
	if r.to.Cookies.None() {
		return
	}
	if len(r.from.Hosts) == 0 {
		r.fault("cookies", "it has no hosts: found by path, it would share its cookies with the home and every other application there; expected hosts, or %s", noCookies)
	}
	if len(r.from.Upstreams) == 0 {
		r.fault("cookies", "it has no upstreams: other proxies alone forward to it, and carry its cookies by themselves")
	}
}
