package demo

// The words that the hospital is made of. Family names describe what they
// are: made up.

func departments() []string {
	return []string{"Cardiology (demo)", "Oncology (demo)", "Paediatrics (demo)", "Surgery (demo)"}
}

func doctorNames() []string {
	return []string{"Ada Inventrix", "Bruno Makebelieve", "Cleo Fictionara", "Dario Pretendo",
		"Edda Imaginova", "Fritz Placeholder", "Gaia Samplewell", "Hugo Nonesuch"}
}

func nurseNames() []string {
	return []string{"Ivo Mockingham", "Juno Exampleby", "Kalle Dummysson", "Lotte Phantasia",
		"Milo Notreal", "Nele Standin", "Otis Fabula", "Pia Testwood"}
}

func givenNames() []string {
	return []string{"Alma", "Basil", "Coral", "Dune", "Ember", "Fern", "Gale", "Hazel", "Indigo", "Jasper",
		"Kestrel", "Linden", "Maple", "Nimbus", "Opal", "Pebble", "Quill", "Rowan", "Sorrel", "Thistle"}
}

func familyNames() []string {
	return []string{"Inventedson", "von Beispiel", "Mockbert", "Placeholderova", "Fictitio", "Samplestone",
		"Nobodyson", "Madeupski", "Demofield", "Testington", "Imaginaryan"}
}

func bloodGroups() []string { return []string{"A+", "A-", "B+", "B-", "AB+", "AB-", "0+", "0-"} }

func diagnoses() []string {
	return []string{"hypertension, stage 1", "fracture of the left radius", "iron deficiency anaemia",
		"community-acquired pneumonia", "acute appendicitis", "atrial fibrillation", "migraine without aura",
		"type 2 diabetes mellitus", "benign breast lump, under observation"}
}

func allergies() []string {
	return []string{"none known", "penicillin", "latex", "peanuts", "house dust mite", "iodinated contrast medium"}
}

func chronic() []string {
	return []string{"none", "asthma", "hypothyroidism", "chronic kidney disease, stage 2", "osteoarthritis of the knee"}
}

func purposes() []string {
	return []string{"routine check-up", "follow-up after discharge", "chest pain on exertion",
		"planned operation", "persistent cough", "vaccination advice"}
}

func medications() []string {
	return []string{"amoxicillin 500 mg", "metformin 850 mg", "ramipril 5 mg", "ibuprofen 400 mg",
		"salbutamol inhaler", "levothyroxine 50 micrograms"}
}

func dosages() []string {
	return []string{"one tablet twice a day with food", "one tablet in the morning", "two puffs when needed",
		"one tablet every eight hours for seven days"}
}

func treatments() []string {
	return []string{"wound dressing, change daily", "physiotherapy, six sessions", "intravenous fluids, 1 litre over 8 hours",
		"plaster cast, forearm"}
}

func examinations() []string {
	return []string{"electrocardiogram, 12 leads", "blood count and electrolytes", "chest radiograph, two views",
		"ultrasound of the abdomen"}
}

func charges() []string {
	return []string{"consultation", "laboratory work", "three days on the ward", "imaging", "medication and materials"}
}
