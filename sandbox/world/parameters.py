"""The telemetry parameters (``parameters.json`` of the docs). Rules may compare those with numbers alone.

Keys, data types and units are Vinli's; so are the names of the 65 that are used most. The descriptions are ours.
"""

import re
from collections.abc import Mapping

# Key, name, data type, units; - stands for none.
_NAMED = """
rpm | RPM | decimal | rpm
vehicleSpeed | Speed | decimal | km/h
calculatedLoadValue | Calculated Load Value | decimal | %
coolantTemp | Coolant Temp | decimal | degC
massAirFlow | Mass Airflow | decimal | g/s
intakeManifoldPressure | Manifold Pressure | decimal | kPa (absolute)
intakeAirTemperature | Intake Air Temp | decimal | degC
absoluteThrottleSensorPosition | Throttle Position | decimal | %
relativeThrottlePosition | Rel. Throttle Position | decimal | %
relativeAcceleratorPosition | Rel. Accelerator Position | decimal | %
timingAdvance | Timing Advance | decimal | deg
fuelPressure | Fuel Pressure | decimal | kPa (guage)
fuelRailPressure | Fuel Rail Pressure | decimal | kPa (gauge)
fuelRailPressureRelManifold | Rel. Fuel Rail Pressure | decimal | kPa
absFuelRailPressure | Abs Fuel Rail Pressure | decimal | kPa
fuelLevelInput | Fuel Level Input | decimal | %
fuelType | Fuel Type | string | -
fuelSystemStatus | Fuel System Status | string | -
engineFuelRate | Engine Fuel Rate | decimal | L/h
ethanolFuelPercentage | Ethanol Fuel % | decimal | %
fuelInjectionTiming | Fuel Injection Timing | decimal | deg
fuelAirCommandedEquivalenceRatio | Air/Fuel Ratio | decimal |
shortTermFuelTrimBank1 | Short Term Fuel Trim 1 | decimal | %
longTermFuelTrimBank1 | Long Term Fuel Trim 1 | decimal | %
shortTermFuelTrimBank2 | Short Term Fuel Trim 2 | decimal | %
longTermFuelTrimBank2 | Long Term Fuel Trim 2 | decimal | %
shortTermFuelTrim1a | Short Term Fuel Trim 1a | decimal | %
shortTermFuelTrim1b | Short Term Fuel Trim 1b | decimal | %
oxygenSensorLocations | O2 Sensor Locations | string | -
alternateOxygenSensorLocations | Alternate O2 Sensors | string | -
oxygenSensorVoltage1a | O2 Sensor Voltage 1a | decimal | V
oxygenSensorVoltage1b | O2 Sensor Voltage 1b | decimal | V
designOBDRequirements | Design OBD Reqs | string | -
emissionReqs | Emission Reqs | string | -
runTimeSinceEngineStart | Run Time | decimal | s
engineRuntimeWhileMILOn | Runtime With MIL On | decimal | min
engineRuntimeSinceDTCsCleared | Runtime Since DTCs Cleared | decimal | min
distanceTraveledMILActivated | MIL Distance | decimal | km
distanceSinceDTCsCleared | Distance Since DTCs Cleared | decimal | km
numberOfWarmupsSinceDTCsCleared | Warmups Since DTCs Cleared | decimal |
troubleCodesAndTestInfo | Trouble Codes | string | -
monitorStatusThisDrivingCycle | Monitor Status | string | -
controlModuleVoltage | Control Mod. Voltage | decimal | V
absoluteLoadValue | Abs. Load Value | decimal | %
ambientAirTemperature | Ambient Air Temp | decimal | degC
barometricPressure | Barometric Pressure | decimal | kPa (abs)
engineOilTemperature | Engine Oil Temp | decimal | degC
catalystTemp1a | Catalyst Temp 1a | decimal | degC
catalystTemp2a | Catalyst Temp 2a | decimal | degC
commandedExhaustGasRecirculation | Commanded EGR | decimal | %
exhaustGasRecirculationError | EGR error | decimal | %
commandedEvaporativePurge | Evaporative Purge | decimal | %
evapSystemVaporPressure1 | Evap. Vapor Pressure 1 | decimal | Pa
absoluteThrottlePositionb | Abs. Throttle Position B | decimal | %
absoluteThrottlePositionc | Abs. Throttle Position C | decimal | %
acceleratorPedalPositiond | Accelerator Position D | decimal | %
acceleratorPedalPositione | Accelerator Position E | decimal | %
commandedThrottleActuatorControl | Throttle Actuator Position | decimal | %
hybridBatteryLife | Hybrid Battery Life | decimal | %
driversDemandEnginePercentTorque | Demand Engine % Torque | decimal | %
actualEnginePercentTorque | Engine % Torque | decimal | %
engineReferenceTorque | Engine Reference Torque | decimal | Nm
secondaryAirStatus | 2nd Air Status | string | -
auxilliaryInputStatus | Aux Input Status | string | -
supportedPIDs2 | Supported PIDs 2 | string | -
"""
# The keys of each data type and unit whose names are made from the keys.
_OTHERS: tuple[tuple[str | None, str | None, str], ...] = (
    (
        "decimal",
        "%",
        """
        shortTermFuelTrim1c shortTermFuelTrim1d shortTermFuelTrim2a shortTermFuelTrim2b shortTermFuelTrim2c
        shortTermFuelTrim2d acceleratorPedalPositionf 2ndShortTermFuelTrim1 2ndShortTermFuelTrim3
        2ndLongTermFuelTrim1 2ndLongTermFuelTrim3 2ndShortTermFuelTrim2 2ndShortTermFuelTrim4
        2ndLongTermFuelTrim2 2ndLongTermFuelTrim4 enginePercentTorqueData
        """,
    ),
    (
        "decimal",
        "Pa",
        """
        evapSystemVaporPressure2
        """,
    ),
    (
        "decimal",
        "V",
        """
        oxygenSensorVoltage1c oxygenSensorVoltage1d oxygenSensorVoltage2a oxygenSensorVoltage2b
        oxygenSensorVoltage2c oxygenSensorVoltage2d voltage1a voltage1b voltage1c voltage1d voltage2a
        voltage2b voltage2c voltage2d externalO2Voltage1
        """,
    ),
    (
        "decimal",
        "degC",
        """
        catalystTemp1b catalystTemp2b
        """,
    ),
    (
        "decimal",
        "",
        """
        equivalenceRatio1a equivalenceRatio1b equivalenceRatio1c equivalenceRatio1d equivalenceRatio2a
        equivalenceRatio2b equivalenceRatio2c equivalenceRatio2d equivalenceRatio1aa equivalenceRatio1bb
        equivalenceRatio1cc equivalenceRatio1dd equivalenceRatio2aa equivalenceRatio2bb equivalenceRatio2cc
        equivalenceRatio2dd externalEquipmentEquivalenceRatio1
        """,
    ),
    (
        "decimal",
        "kPa",
        """
        externalAbsIntakeManifoldPressure1 absEvapSystemVaporPressure
        """,
    ),
    (
        "decimal",
        "mA",
        """
        current1a current1b current1c current1d current2a current2b current2c current2d externalO2Current1
        """,
    ),
    (
        None,
        None,
        """
        auxIO mafSensor engineCoolantTemp intakeAirTempSensor commandedEGRAndError intakeAirFlow egrTemp
        throttleActuatorControlPosition fuelPressureControlSystem injectionPressureControlSystem
        turbochargerCompressorInletPressure boostPressureControl vgtControl wastegateControl exhaustPressure
        turbochargerRPM tcTempA tcTempC cact dpf1 dpf2 dpfTemp noxNTEControlAreaStatus
        pmNTEControlAreaStatus engineRuntime engineRuntime1 engineRuntime2 noxSensor manifoldTemp
        noxControlSystem pmSensor intakeManifoldAbsPressure reservediISOSAE
        """,
    ),
    (
        "string",
        None,
        """
        extTestEquipmentConfig2 egtBank1 egtBank2
        """,
    ),
)


def _spoken(key: str) -> str:
    """Return a key in words: ``egrTemp`` is "Egr temp"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", key).lower()
    return words[:1].upper() + words[1:]


def _entry(name: str, data_type: str | None, units: str | None) -> dict[str, str]:
    entry = {"name": name, "description": name}
    if data_type is not None:
        entry["dataType"] = data_type
    if units is not None:
        entry["units"] = units
    return entry


def _catalogue() -> dict[str, dict[str, str]]:
    found = {}
    for line in _NAMED.strip().splitlines():
        key, name, data_type, units = (part.strip() for part in line.split("|"))
        found[key] = _entry(name, data_type, None if units == "-" else units)
    for other_type, other_units, keys in _OTHERS:
        found |= {key: _entry(_spoken(key), other_type, other_units) for key in keys.split()}
    return found


PARAMETERS: Mapping[str, Mapping[str, str]] = _catalogue()
DECIMAL = frozenset(key for key, entry in PARAMETERS.items() if entry.get("dataType") == "decimal")
