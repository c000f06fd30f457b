error({err = 'MINE \r\n\255'})
