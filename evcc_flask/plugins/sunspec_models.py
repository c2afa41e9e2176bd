"""SunSpec model layouts, as published by the SunSpec Alliance (github.com/sunspec/models, Apache 2.0).

One point is ``name offset type`` and, where there is one, its scale factor's name. Offsets count registers from the
model's id register; those of repeated points from the start of their block.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a model. ``scale``: name of the point that holds its power of ten; "" where there is none."""

    name: str
    offset: int
    type: str
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """``start`` and ``size``: where the repeated blocks begin and how long one is; 0 where nothing is repeated."""

    points: Mapping[str, Point]
    repeated: Mapping[str, Point]
    start: int = 0
    size: int = 0


_TABLES: tuple[tuple[tuple[int, ...], str], ...] = (
    (
        (1,),
        """
        Mn 2 string16; Md 18 string16; Opt 34 string8; Vr 42 string8; SN 50 string16; DA 66 uint16
        """,
    ),
    (
        (101, 102, 103),
        """
        A 2 uint16 A_SF; AphA 3 uint16 A_SF; AphB 4 uint16 A_SF; AphC 5 uint16 A_SF; A_SF 6 sunssf; PhVphA 10
        uint16 V_SF; PhVphB 11 uint16 V_SF; PhVphC 12 uint16 V_SF; V_SF 13 sunssf; W 14 int16 W_SF; W_SF 15
        sunssf; Hz 16 uint16 Hz_SF; Hz_SF 17 sunssf; WH 24 acc32 WH_SF; WH_SF 26 sunssf; DCA 27 uint16 DCA_SF;
        DCA_SF 28 sunssf; DCV 29 uint16 DCV_SF; DCV_SF 30 sunssf; DCW 31 int16 DCW_SF; DCW_SF 32 sunssf;
        TmpCab 33 int16 Tmp_SF; Tmp_SF 37 sunssf; St 38 enum16
        """,
    ),
    (
        (111, 112, 113),
        """
        A 2 float32; AphA 4 float32; AphB 6 float32; AphC 8 float32; PhVphA 16 float32; PhVphB 18 float32;
        PhVphC 20 float32; W 22 float32; Hz 24 float32; WH 32 float32; DCA 34 float32; DCV 36 float32; DCW 38
        float32; TmpCab 40 float32; St 48 enum16
        """,
    ),
    (
        (120,),
        """
        DERTyp 2 enum16; WRtg 3 uint16 WRtg_SF; WRtg_SF 4 sunssf; WHRtg 19 uint16 WHRtg_SF; WHRtg_SF 20
        sunssf; MaxChaRte 23 uint16 MaxChaRte_SF; MaxChaRte_SF 24 sunssf; MaxDisChaRte 25 uint16
        MaxDisChaRte_SF; MaxDisChaRte_SF 26 sunssf
        """,
    ),
    (
        (121,),
        """
        WMax 2 uint16 WMax_SF; WMax_SF 22 sunssf
        """,
    ),
    (
        (123,),
        """
        Conn 4 enum16; WMaxLimPct 5 uint16 WMaxLimPct_SF; WMaxLimPct_RvrtTms 7 uint16; WMaxLim_Ena 9 enum16;
        WMaxLimPct_SF 23 sunssf
        """,
    ),
    (
        (124,),
        """
        WChaMax 2 uint16 WChaMax_SF; StorCtl_Mod 5 bitfield16; MinRsvPct 7 uint16 MinRsvPct_SF; ChaState 8
        uint16 ChaState_SF; ChaSt 11 enum16; OutWRte 12 int16 InOutWRte_SF; InWRte 13 int16 InOutWRte_SF;
        InOutWRte_RvrtTms 15 uint16; ChaGriSet 17 enum16; WChaMax_SF 18 sunssf; MinRsvPct_SF 21 sunssf;
        ChaState_SF 22 sunssf; InOutWRte_SF 25 sunssf
        """,
    ),
    (
        (160,),
        """
        DCA_SF 2 sunssf; DCV_SF 3 sunssf; DCW_SF 4 sunssf; DCWH_SF 5 sunssf; N 8 count
        """,
    ),
    (
        (201, 202, 203, 204),
        """
        A 2 int16 A_SF; AphA 3 int16 A_SF; AphB 4 int16 A_SF; AphC 5 int16 A_SF; A_SF 6 sunssf; PhVphA 8 int16
        V_SF; PhVphB 9 int16 V_SF; PhVphC 10 int16 V_SF; V_SF 15 sunssf; Hz 16 int16 Hz_SF; Hz_SF 17 sunssf; W
        18 int16 W_SF; WphA 19 int16 W_SF; WphB 20 int16 W_SF; WphC 21 int16 W_SF; W_SF 22 sunssf; TotWhExp 38
        acc32 TotWh_SF; TotWhImp 46 acc32 TotWh_SF; TotWh_SF 54 sunssf
        """,
    ),
    (
        (211, 212, 213),
        """
        A 2 float32; AphA 4 float32; AphB 6 float32; AphC 8 float32; PhVphA 12 float32; PhVphB 14 float32;
        PhVphC 16 float32; Hz 26 float32; W 28 float32; WphA 30 float32; WphB 32 float32; WphC 34 float32;
        TotWhExp 60 float32; TotWhImp 68 float32
        """,
    ),
    (
        (802,),
        """
        WHRtg 3 uint16 WHRtg_SF; SoCRsvMin 10 uint16 SoC_SF; SoC 11 uint16 SoC_SF; ChaSt 16 enum16; V 34
        uint16 V_SF; A 44 int16 A_SF; W 47 int16 W_SF; WHRtg_SF 53 sunssf; SoC_SF 56 sunssf; V_SF 59 sunssf;
        A_SF 61 sunssf; W_SF 63 sunssf
        """,
    ),
)
"""Models that share a layout, and its points."""

_REPEATED: Mapping[int, tuple[int, int, str]] = {
    160: (
        10,
        20,
        """
        ID 0 uint16; IDStr 1 string8; DCA 9 uint16 DCA_SF; DCV 10 uint16 DCV_SF; DCW 11 uint16 DCW_SF; DCWH 12
        acc32 DCWH_SF; Tms 14 uint32; Tmp 16 int16; DCSt 17 enum16
        """,
    ),
}
"""Models with repeated blocks: where they start, how long one is, its points."""


def _points(text: str) -> dict[str, Point]:
    rows = (row.split() for row in text.split(";") if row.strip())
    return {name: Point(name, int(offset), kind, *scale) for name, offset, kind, *scale in rows}


def _models() -> dict[int, Model]:
    models: dict[int, Model] = {}
    for numbers, text in _TABLES:
        for number in numbers:
            start, size, repeated = _REPEATED.get(number, (0, 0, ""))
            models[number] = Model(_points(text), _points(repeated), start, size)
    return models


MODELS: Mapping[int, Model] = _models()
