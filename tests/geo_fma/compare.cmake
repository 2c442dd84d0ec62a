# Runs both builds: the plain one writes its verdicts, the fused one holds its own against them.
execute_process(COMMAND ${PLAIN} OUTPUT_FILE ${VERDICTS} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${FUSED} ${VERDICTS} COMMAND_ERROR_IS_FATAL ANY)
