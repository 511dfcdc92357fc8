"""The telemetry parameters with numbers as values (``parameters.json`` of the docs, and of vinli-cli lib).

Rules may compare no others (docs rule-services/boundaries).
"""

DECIMAL = frozenset(
    """
    rpm vehicleSpeed calculatedLoadValue coolantTemp massAirFlow intakeManifoldPressure
    intakeAirTemperature absoluteThrottleSensorPosition relativeThrottlePosition
    relativeAcceleratorPosition timingAdvance fuelPressure fuelRailPressure
    fuelRailPressureRelManifold absFuelRailPressure fuelLevelInput engineFuelRate
    ethanolFuelPercentage fuelInjectionTiming fuelAirCommandedEquivalenceRatio
    shortTermFuelTrimBank1 longTermFuelTrimBank1 shortTermFuelTrimBank2 longTermFuelTrimBank2
    shortTermFuelTrim1a shortTermFuelTrim1b oxygenSensorVoltage1a oxygenSensorVoltage1b
    runTimeSinceEngineStart engineRuntimeWhileMILOn engineRuntimeSinceDTCsCleared
    distanceTraveledMILActivated distanceSinceDTCsCleared numberOfWarmupsSinceDTCsCleared
    controlModuleVoltage absoluteLoadValue ambientAirTemperature barometricPressure
    engineOilTemperature catalystTemp1a catalystTemp2a commandedExhaustGasRecirculation
    exhaustGasRecirculationError commandedEvaporativePurge evapSystemVaporPressure1
    absoluteThrottlePositionb absoluteThrottlePositionc acceleratorPedalPositiond
    acceleratorPedalPositione commandedThrottleActuatorControl hybridBatteryLife
    driversDemandEnginePercentTorque actualEnginePercentTorque engineReferenceTorque
    shortTermFuelTrim1c shortTermFuelTrim1d shortTermFuelTrim2a shortTermFuelTrim2b
    shortTermFuelTrim2c shortTermFuelTrim2d acceleratorPedalPositionf 2ndShortTermFuelTrim1
    2ndShortTermFuelTrim3 2ndLongTermFuelTrim1 2ndLongTermFuelTrim3 2ndShortTermFuelTrim2
    2ndShortTermFuelTrim4 2ndLongTermFuelTrim2 2ndLongTermFuelTrim4 enginePercentTorqueData
    evapSystemVaporPressure2 oxygenSensorVoltage1c oxygenSensorVoltage1d oxygenSensorVoltage2a
    oxygenSensorVoltage2b oxygenSensorVoltage2c oxygenSensorVoltage2d voltage1a voltage1b voltage1c
    voltage1d voltage2a voltage2b voltage2c voltage2d externalO2Voltage1 catalystTemp1b
    catalystTemp2b equivalenceRatio1a equivalenceRatio1b equivalenceRatio1c equivalenceRatio1d
    equivalenceRatio2a equivalenceRatio2b equivalenceRatio2c equivalenceRatio2d equivalenceRatio1aa
    equivalenceRatio1bb equivalenceRatio1cc equivalenceRatio1dd equivalenceRatio2aa
    equivalenceRatio2bb equivalenceRatio2cc equivalenceRatio2dd externalEquipmentEquivalenceRatio1
    externalAbsIntakeManifoldPressure1 absEvapSystemVaporPressure current1a current1b current1c
    current1d current2a current2b current2c current2d externalO2Current1
    """.split()
)
