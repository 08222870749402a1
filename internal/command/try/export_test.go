package try

// Sources are the names of what stands in for information points.
func Sources() []string {
	var names []string
	for _, s := range sources(&subject{}, &relation{w: &subject{}}) {
		names = append(names, s.Name())
	}
	return names
}
