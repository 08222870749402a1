package tables

import "github.com/wardgate/wardgate/pip"

// behaviourRows are the thresholds of behaviour.
type behaviourRows struct {
	RequestsMany         int `json:"requests_many"`
	PatientsMany         int `json:"patients_many"`
	PatientsFarMore      int `json:"patients_far_more"`
	PatientsHabitFloor   int `json:"patients_habit_floor"`
	PatientsManyTimes    int `json:"patients_many_times"`
	PatientsFarMoreTimes int `json:"patients_far_more_times"`
	PredictionsMany      int `json:"predictions_many"`
}

func (b *behaviourRows) each(row func(name string, n int)) {
	row("requests_many", b.RequestsMany)
	row("patients_many", b.PatientsMany)
	row("patients_far_more", b.PatientsFarMore)
	row("patients_habit_floor", b.PatientsHabitFloor)
	row("patients_many_times", b.PatientsManyTimes)
	row("patients_far_more_times", b.PatientsFarMoreTimes)
	row("predictions_many", b.PredictionsMany)
}

// patients is "usual", "many" or "far_more": against the numbers that hold for
// everybody, and against the subject's own habit, where there is one.
func (b *behaviourRows) patients(s *pip.Signals) string {
	over := func(most, times int) bool {
		byHabit := s.PatientsUsual > 0 && s.Patients >= b.PatientsHabitFloor && s.Patients > times*s.PatientsUsual
		return s.Patients >= most || byHabit
	}
	switch {
	case over(b.PatientsFarMore, b.PatientsFarMoreTimes):
		return "far_more"
	case over(b.PatientsMany, b.PatientsManyTimes):
		return "many"
	default:
		return "usual"
	}
}

// Many says from which counts on behaviour is "many".
func (t *Tables) Many() (requests, denials, failedLogIns, predictions int) {
	th := &t.thresholds
	return th.RequestsMany, th.DenialsMany, th.FailedLogInsMany, th.PredictionsMany
}

// Patients is "usual", "many" or "far_more".
func (t *Tables) Patients(s *pip.Signals) string { return t.thresholds.patients(s) }
