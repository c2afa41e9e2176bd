"""Every number of the control that no user sets; docs/control.rst explains them. Seconds, watt, ampere, volt."""

STALE_S = 60.0
"""A reading older than this is no reading."""
LOST_S = 15.0
"""A device that answered so recently is not yet lost: one lost answer is the wire's everyday life."""
HELD_S = 15.0
"""An older grid value, unless an interval is longer, carries a running charge, but neither begins nor raises one."""
SETTLE_S = 60.0
"""A box and its car have settled this long after a switch on or off, and after a switch of phases."""
REACTION_S = 6.0
"""A charging car follows a new current within this time; until then its offer counts, not its draw."""
SOC_KEPT_S = 3600.0
"""A home battery's last state of charge stands for an hour."""

ABSURD_W = 300_000.0
"""More than 3 x 400 A: no house has it."""
ABSURD_CHARGE_W = 100_000.0
ABSURD_A = 1_000.0
SMALLEST_A = 0.1
"""The finest step of a current; less is nothing."""
ABSURD_PRICE = 1e6
LONGEST_DELAY_S = 86_400.0
"""A day: who waits longer for the sun, or without it, means another mode."""
ABSURD_KWH = 1e9

ACTIVE_A = 1.0
"""A phase carries the car when more than this flows."""
LIVE_V = 207.0
UNKNOWN_PHASES = 3
HEADROOM_A = 2.0
"""A car that draws less than offered is thought to draw at most this much more."""
ADOPT_A = 0.23
WARN_A = 1.0
OVERDRAW_A = 1.0
OVERDRAW_SHARE = 1.1
"""A car that draws more than this share of what it was told does more than the voltage explains."""
REPORT_GRACE_S = 5.0
"""A box shows a new current in its registers after this time."""
REPEAT_S = (15.0, 60.0, 300.0)
"""A command that is not obeyed is repeated after these times, the last one again and again."""

REFUSALS = 3
"""A box that refused so often in a row to be told less does not obey."""

FORCED_RESIDUAL_W = 100.0
MINIMUM_BOOST_W = 100.0

OVERLOAD_SHARE = 1.02
"""A measured load above this share of a circuit's limit is an overload."""
CALM_S = 15.0
"""After an overload, currents rise once the load has stayed below the limit for this time."""

EXTERNAL_BATTERY_S = 60.0
"""A battery mode ordered from outside lapses after this time."""
ENDED_SHOWN_S = 60.0
"""So long it is said that it has lapsed."""
FULL_PERCENT = 99.5
"""A battery without a limit of its own is full: what it shows rounded, and hardly takes."""
BATTERY_CALM_S = 300.0
"""After an overload, the battery is not charged from the grid for this time."""

LEAK_W = 200.0
"""A held battery that gives more than this does not obey."""

WAKE_S = 30.0
WAKE_TRIES = 6

HOUR_S = 3600.0
PHASE_SWITCHES_PER_HOUR = 6
SWITCHES_PER_HOUR = 12
PERSON_S = 90.0
"""What follows within this time from a person's act is that person's wish."""

PERSISTENT_S = 60.0
PERSISTENT_A = 1.0

EFFICIENCY = 0.85
"""Energy in the car's battery per energy from the grid."""
WORST_EFFICIENCY = 0.5
"""What a car was seen to need is believed down to this, and up to a loss of nothing."""
LEARN_PERCENT = 10.0
"""So many points must have been gained before a car's own need is believed."""
SOC_TRUST_S = 3600.0
"""A car's reading older than this ends no charge and finishes no plan."""
SOC_AWAITED_S = 60.0
"""So long after plug-in the car's first answer is waited for before its SoC counts as unknown."""
SOC_STEP_PERCENT = 10.0
STUCK_PERCENT = 2.0
"""A reading that stays the same while energy for so many points flowed is an old one."""
CLIMATER_S = 1800.0
"""A car's air conditioning is thought to run for so long after it said so."""
DETECTION_S = 600.0
"""A car is looked for so long after plug-in."""
DETECTION_REFRESH_S = 60.0
"""The accounts of the cars that it could be are asked this often meanwhile."""
ASK_GAP_S = 10.0
"""No account is asked more often than this, not even one without a cache."""
ASK_AGAIN_S = 60.0
"""An account that does not answer is asked again after this, twice, three times this …"""
LONGEST_ASK_AGAIN_S = 900.0
ABSURD_CAPACITY_KWH = 1e4
ABSURD_KM = 1e7

TEST_W = 1_000.0
"""A change of this size that we caused is a test of the meters."""
TEST_FIRST_S = 10.0
"""A car and the meters have followed after this."""
TEST_DONE_S = 40.0
"""What contradicts now is no delay any more."""
TEST_GIVEN_UP_S = 120.0
CONTRADICTIONS = 3
STUCK_S = 60.0
STUCK_READINGS = 4

PLAUSIBLE_KW = 50.0
"""A counter that grows faster jumped."""
SUSPECT_S = 30.0
"""A counter that fell or jumped, and then counts on for so long, has begun anew."""
STILL_KWH = 1.5
"""A counter that has not moved for so much power x time stands still; the coarsest one counts whole kWh."""
STILL_S = 300.0
"""Nor is one thought to stand still before this."""
STILL_STEPS = 1.5
"""Nor before so many of its own coarsest steps …"""
COARSEST_KWH = 3.0
"""… of which none counts for more."""
UNSEEN_KWH = 150.0
"""At most so much is charged while nobody looks."""
LONGEST_STEP_S = 300.0
"""Power times time is not carried over a longer gap."""
RESUME_S = 600.0
"""A charge is thought to have gone on while the program was away no longer than this."""

STRAYED_KWH = 0.2
"""A counter of the grid that is further from the power than this is no counter of that power."""
STRAYED_SHARE = 0.1
"""Nor is one that tells more or less than the power by more than this share."""
MOST_OWED_KWH = 5.0
"""So much that came or went beside the home's power is settled with it later, and no more."""

LATE_S = 120.0
"""A plan that will be late by less is not told to be."""

RETRY_S = 10.0
"""A failed command is tried again after this, whatever the interval."""

LAG_S = 30.0
"""A grid meter that is slower than this is not waited for."""
LAG_W = 150.0
LAG_SHARE = 0.35
"""How far a jump may be off what the cars changed, to be taken for it."""
