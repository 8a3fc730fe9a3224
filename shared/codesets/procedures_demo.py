"""The demo procedure codes: numbers as facts, labels written by this project."""

from __future__ import annotations

from datetime import date
from functools import cache

from shared.codesets.procedures import Coverage, Kind, Procedure, ProcedureList, System

DEMO_COVERAGE = {
    System.CPT: Coverage("demo-cpt-2026", date(2024, 1, 1), date(2026, 12, 31), False),
    System.HCPCS: Coverage("demo-hcpcs-2026-10", date(2024, 1, 1), date(2026, 12, 31), False),
}

_LABELS: dict[Kind, dict[str, str]] = {
    Kind.OFFICE_NEW: {
        "99202": "office visit, new patient, level 2",
        "99203": "office visit, new patient, level 3",
        "99204": "office visit, new patient, level 4",
        "99205": "office visit, new patient, level 5",
    },
    Kind.OFFICE_ESTABLISHED: {
        "99211": "office visit, known patient, nurse level",
        "99212": "office visit, known patient, level 2",
        "99213": "office visit, known patient, level 3",
        "99214": "office visit, known patient, level 4",
        "99215": "office visit, known patient, level 5",
    },
    Kind.HOSPITAL_VISIT: {
        "99221": "hospital stay, first day, level 1",
        "99222": "hospital stay, first day, level 2",
        "99223": "hospital stay, first day, level 3",
        "99231": "hospital stay, later day, level 1",
        "99232": "hospital stay, later day, level 2",
        "99233": "hospital stay, later day, level 3",
    },
    Kind.EMERGENCY_VISIT: {
        "99281": "emergency room visit, level 1",
        "99282": "emergency room visit, level 2",
        "99283": "emergency room visit, level 3",
        "99284": "emergency room visit, level 4",
        "99285": "emergency room visit, level 5",
    },
    Kind.PROLONGED: {
        "99417": "extra quarter hour after a level 5 office visit",
        "G2212": "extra quarter hour after a level 5 office visit, Medicare form",
    },
    Kind.PREVENTIVE: {
        "99385": "yearly check-up, new patient, young adult",
        "99386": "yearly check-up, new patient, middle age",
        "99395": "yearly check-up, known patient, young adult",
        "99396": "yearly check-up, known patient, middle age",
        "G0402": "Medicare welcome check in the first year",
        "G0438": "Medicare yearly wellness plan, first one",
        "G0439": "Medicare yearly wellness plan, later one",
        "G0444": "yearly depression questionnaire",
        "G0447": "weight counselling, quarter hour",
    },
    Kind.PROCEDURE: {
        "10060": "drain one simple skin abscess",
        "12001": "stitch a small simple wound, trunk or limb",
        "17110": "remove up to fourteen warts",
        "20550": "injection at a tendon sheath",
        "20605": "needle into a middle-size joint, no ultrasound",
        "20610": "needle into a large joint, no ultrasound",
        "36415": "blood drawn from a vein",
        "69210": "packed ear wax taken out with instruments",
        "96372": "shot of a drug under the skin or into muscle",
        "G0105": "screening colonoscopy, person at high risk",
        "G0121": "screening colonoscopy, person at usual risk",
        "P9612": "urine taken by catheter, one patient",
        "Q0091": "taking the smear for a cervical screening",
    },
    Kind.THERAPY_TIMED: {
        "97032": "electric stimulation with the therapist present",
        "97035": "ultrasound treatment",
        "97110": "exercises for strength and range",
        "97112": "training of balance and posture",
        "97116": "walking training",
        "97124": "massage",
        "97140": "hands-on treatment of joints and tissue",
        "97530": "practice of everyday movements",
        "97535": "training to manage at home",
    },
    Kind.THERAPY_UNTIMED: {
        "92507": "speech therapy, one person",
        "97010": "hot or cold pack",
        "97012": "traction by machine",
        "97150": "therapy in a group",
        "97161": "physical therapy first assessment, simple",
        "97162": "physical therapy first assessment, middling",
        "97163": "physical therapy first assessment, complex",
        "97164": "physical therapy assessment again",
        "97165": "occupational therapy first assessment, simple",
        "97166": "occupational therapy first assessment, middling",
        "97167": "occupational therapy first assessment, complex",
        "97168": "occupational therapy assessment again",
        "G0283": "electric stimulation without the therapist, Medicare form",
    },
    Kind.BEHAVIORAL: {
        "90791": "first mental health assessment",
        "90832": "talk therapy, half hour",
        "90834": "talk therapy, three quarters of an hour",
        "90837": "talk therapy, one hour",
    },
    Kind.LAB: {
        "80048": "basic blood chemistry",
        "80053": "wide blood chemistry",
        "80061": "blood fats",
        "81001": "urine test by machine, with microscope",
        "81003": "urine test by machine, no microscope",
        "81025": "pregnancy test from urine",
        "82947": "blood sugar",
        "83036": "long-term blood sugar (A1c)",
        "84443": "TSH, thyroid check",
        "85025": "blood count with white cell types",
        "85610": "clotting time",
        "87086": "urine culture with count",
        "87804": "quick flu test",
        "87880": "quick strep test",
        "G0103": "prostate marker as screening",
    },
    Kind.TEST: {
        "93000": "heart tracing with report",
        "94010": "lung volume test",
    },
    Kind.IMAGING: {
        "71046": "chest x-ray, two pictures",
        "73030": "shoulder x-ray",
        "73562": "knee x-ray, three pictures",
    },
    Kind.VACCINE: {
        "90686": "flu vaccine, preservative-free, full dose",
        "90715": "tetanus, diphtheria, whooping cough booster",
    },
    Kind.VACCINE_GIVING: {
        "90471": "giving the first vaccine of the day",
        "90472": "giving each further vaccine of the day",
        "G0008": "giving a flu vaccine, Medicare form",
        "G0009": "giving a pneumonia vaccine, Medicare form",
        "G0010": "giving a hepatitis B vaccine, Medicare form",
    },
    Kind.ADD_ON: {
        "G2211": "extra for lasting care of one serious condition",
    },
    Kind.FACILITY: {
        "Q3014": "fee of the place where the telehealth patient sits",
        "T1015": "clinic visit at one flat rate",
        "G0463": "hospital clinic visit, facility part",
    },
    Kind.DRUG: {
        "J0171": "epinephrine, each 0.1 mg",
        "J0585": "botulinum toxin type A, each unit",
        "J0696": "ceftriaxone, each 250 mg",
        "J1100": "dexamethasone, each 1 mg",
        "J1815": "insulin, each 5 units",
        "J1885": "ketorolac, each 15 mg",
        "J2405": "ondansetron, each 1 mg",
        "J3301": "triamcinolone long-acting, each 10 mg",
        "J3420": "vitamin B12, up to 1 mg",
        "J7613": "albuterol for the nebulizer, each 1 mg",
    },
    Kind.SUPPLY: {
        "A4253": "blood sugar strips, box of 50",
        "A4550": "tray of surgical instruments",
        "A6402": "sterile gauze, small",
        "A9270": "item Medicare does not cover",
        "J7030": "salt water infusion, one litre",
        "V2020": "glasses frame",
    },
    Kind.EQUIPMENT: {
        "E0100": "walking cane",
        "E0114": "underarm crutches, pair",
        "E0143": "folding walker with wheels",
        "E0601": "sleep apnea air machine",
        "E1390": "oxygen machine",
        "K0001": "plain wheelchair",
        "L1830": "knee splint, ready made",
        "L3908": "wrist splint, ready made",
    },
    Kind.AMBULANCE: {
        "A0425": "ambulance, each mile on the ground",
        "A0427": "ambulance, emergency, advanced care",
        "A0428": "ambulance, no emergency, basic care",
        "A0429": "ambulance, emergency, basic care",
    },
}

ENDED = (
    Procedure(
        "99201", "office visit, new patient, level 1", Kind.OFFICE_NEW, None, date(2020, 12, 31)
    ),
)

DEMO_PROCEDURES = (
    *(
        Procedure(code, label, kind)
        for kind, labels in _LABELS.items()
        for code, label in labels.items()
    ),
    *ENDED,
)


@cache
def demo() -> ProcedureList:
    """The shipped demo list: a small part of both systems, years 2024 to 2026."""
    return ProcedureList(DEMO_PROCEDURES, DEMO_COVERAGE)
